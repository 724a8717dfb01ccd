"""Reloading rules while the service runs: another process compiles them, then one reference changes.

So no call waits for the compiler, and rules with an error change nothing.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import structlog

from camcover.engine import Tables
from camcover.engine.compiling.stored import UnreadableTables, is_stored, read_tables
from camcover.workflow.rules_in_force import RulesInForce

_LOG = structlog.get_logger("camcover.rules")


class Reloader:
    """Reads the same files or folders again, one reload at a time. Asked during a reload, it reads once more."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Read `paths`."""
        self._paths = list(paths)
        self._task: asyncio.Task[None] | None = None
        self._is_asked = False

    def ask(self, rules: RulesInForce) -> None:
        """Begin a reload of `rules`; where there are no files, do nothing."""
        if not self._paths:
            return
        self._is_asked = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(rules))

    async def stop(self) -> None:
        """Give up a reload that has not ended."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, rules: RulesInForce) -> None:
        while self._is_asked:
            self._is_asked = False
            try:
                tables = await self._read()
                rules.activate(tables)
            except Exception as error:  # noqa: BLE001 - whatever it is, the rules of before answer, and the log says it
                _LOG.error("rules not reloaded", reason=str(error), rule_release=rules.release)
                continue
            _LOG.info("rules reloaded", rule_release=rules.release)

    async def _read(self) -> Tables:
        """The rules as they stand now. Raises `UnreadableTables` with what is wrong with them."""
        if len(self._paths) == 1 and is_stored(self._paths[0]):
            return await asyncio.to_thread(read_tables, self._paths[0])
        with tempfile.TemporaryDirectory(prefix="camcover-") as folder:
            file = Path(folder) / "rules"
            await compile_apart(self._paths, file)
            return await asyncio.to_thread(read_tables, file)


async def compile_apart(paths: Sequence[Path], output: Path) -> None:
    """Compile rules into a file by another process. Raises `UnreadableTables` with the errors it found."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "camcover", "rules", "compile", *map(str, paths), "--output", str(output),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        raise UnreadableTables(said.decode(errors="replace").strip() or "the compiler process ended without a result")
