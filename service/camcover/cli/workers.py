"""Several server processes on one port: started, watched and ended together.

The kernel of the operating system deals connections out to them (SO_REUSEPORT). All map the same compiled rules, so
that memory holds them once.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import structlog
import typer

from camcover.cli.compiling import compiled_rules, refused_tables
from camcover.cli.ports import reserved_port
from camcover.cli.reloading import compile_apart
from camcover.cli.restarts import WINDOW_SECONDS, Restarts
from camcover.cli.running import ServerOptions, cannot_listen
from camcover.engine.compiling.stored import UnreadableTables, is_stored, read_tables, write_tables

Work = Callable[[ServerOptions, Callable[[], object]], int]
"""The work of a worker: it serves, reports when it is ready, and gives its exit status."""

_LOG = structlog.get_logger("camcover.workers")

_CONTEXT = multiprocessing.get_context("spawn")

_LOOK_SECONDS = 0.2


class Supervisor:
    """Runs `count` workers until it is asked to end."""

    def __init__(self, options: ServerOptions, count: int, announce: Callable[[str, str], object]) -> None:
        """Serve by `options`; `announce` gets the address, and that of HTTP, when the first worker takes calls."""
        self._rules, self._options, self._count, self._announce = list(options.rules), options, count, announce
        # No lock is shared with a worker: if a worker is killed with the lock, this process would wait forever.
        self._is_ready, self._ready = _CONTEXT.Pipe(duplex=False)
        self._workers: list[BaseProcess] = []
        self._drained: list[BaseProcess] = []
        self._is_ending = False
        self._restarts = Restarts(count)

    def run(self, work: Work) -> int:
        """Start the workers, and wait until all have ended; gives the exit status."""
        is_over_files = bool(self._rules)
        settings, http = self._options.settings, self._options.http
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="camcover-"))
            asked = [settings.listen, *([http.listen] if http else [])]
            held = [_reserved(stack, each) for each in asked]
            if None in held:
                typer.echo(cannot_listen(asked[held.index(None)]), err=True)
                return 1
            settings = replace(settings, listen=str(held[0]))
            http = http and replace(http, listen=str(held[-1]))
            file = Path(folder) / "rules"
            if is_over_files:
                self._put(file)
            shared = (file,) if is_over_files else ()
            self._options = replace(self._options, rules=shared, settings=settings, folder=Path(folder), http=http)
            return asyncio.run(self._watch(file, work))

    async def _watch(self, file: Path, work: Work) -> int:
        """Keep the workers running; pass signals on."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        reloads: set[asyncio.Task[None]] = set()

        def reload() -> None:
            task = asyncio.create_task(self._reload(file))
            reloads.add(task)
            task.add_done_callback(reloads.discard)

        loop.add_signal_handler(signal.SIGHUP, reload)

        def start() -> BaseProcess:
            process = _CONTEXT.Process(target=_worker, args=(work, self._options, self._ready))
            # Before a worker can reload rules, SIGHUP would end it. So it inherits this block, and lifts it later.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
            process.start()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
            return process

        self._workers = [start() for _ in range(self._count)]
        is_announced = False
        while self._are_running():
            await asyncio.sleep(_LOOK_SECONDS)
            if not is_announced and self._is_ready.poll():
                is_announced = True
                http = self._options.http
                self._announce(self._options.settings.listen, http.listen if http else "")
            for place, worker in enumerate(self._workers):
                if self._may_restart(worker):
                    self._workers[place] = start()
        # Workers that ended by themselves are already in the log, and do not count here.
        return int(self._restarts.are_too_many or any(worker.exitcode for worker in self._drained))

    def _may_restart(self, worker: BaseProcess) -> bool:
        """Whether to replace now a worker that ended by itself; ends all workers if that happens too often."""
        if self._is_ending or worker.is_alive():
            return False
        if self._restarts.note(worker.pid, time.monotonic()):
            _LOG.error("worker ended", pid=worker.pid, status=worker.exitcode)
        if self._restarts.are_too_many:
            _LOG.error("workers keep ending", count=self._restarts.count, seconds=WINDOW_SECONDS)
            self._end()
        return not self._is_ending and self._restarts.is_due(worker.pid, time.monotonic())

    def _are_running(self) -> bool:
        """Whether a worker runs or waits to be restarted."""
        return any(worker.is_alive() for worker in self._workers) or not self._is_ending

    def _end(self) -> None:
        """Drain every worker."""
        self._is_ending = True
        self._drained = [worker for worker in self._workers if worker.is_alive()]
        self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        for worker in self._workers:
            if worker.is_alive() and worker.pid is not None:
                os.kill(worker.pid, number)

    async def _reload(self, file: Path) -> None:
        """Compile rule files anew into the workers' file, where there are any, and let the workers read anew."""
        try:
            if self._rules:
                await self._compile(file)
        except Exception as error:  # noqa: BLE001 - whatever it is, the rules of before answer, and the log says it
            _LOG.error("rules not reloaded", reason=str(error))
            return
        self._signal(signal.SIGHUP)

    async def _compile(self, file: Path) -> None:
        """Put the rules as they stand now into the workers' file."""
        if self._is_stored():
            _copy(self._rules[0], file)
        else:
            await compile_apart(self._rules, file)

    def _is_stored(self) -> bool:
        return len(self._rules) == 1 and is_stored(self._rules[0])

    def _put(self, file: Path) -> None:
        """Put the rules into the workers' file. Shows what is wrong with them, and ends the program with status 1."""
        if self._is_stored():
            with refused_tables():
                _copy(self._rules[0], file)
        else:
            write_tables(compiled_rules(self._rules), file)


def _reserved(stack: ExitStack, listen: str) -> str | None:
    """HOST:PORT, with a free port for 0, reserved for the workers until the stack ends; None if it is taken."""
    host, _, port = listen.rpartition(":")
    held = stack.enter_context(reserved_port(host, port))
    return f"{host}:{held.getsockname()[1]}" if held is not None else None


def _copy(rules: Path, file: Path) -> None:
    """Write compiled rules to a file in one step, once they are readable. Raises `UnreadableTables`, OSError.

    What is read is the copy, since the file may change meanwhile; what is wrong is said of the file.
    """
    part = file.with_suffix(".new")
    part.write_bytes(rules.read_bytes())
    try:
        read_tables(part)
    except UnreadableTables as error:
        raise UnreadableTables(str(error).replace(str(part), str(rules), 1)) from error
    part.replace(file)


def _worker(work: Work, options: ServerOptions, ready: Connection) -> None:
    """Run a worker from start to end; it writes to `ready` when it begins to take calls."""
    sys.exit(work(options, lambda: ready.send_bytes(b".")))
