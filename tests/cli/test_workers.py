"""The file that workers share: compiled rules are put there once, whole, after they were read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer

from camcover.api.server import Settings
from camcover.cli import workers
from camcover.cli.running import OFF, ServerOptions
from camcover.cli.workers import Supervisor
from camcover.engine.compiling.stored import read_tables, write_tables
from camcover.store import Keeping
from small_rules import tables


def supervisor(rules: Path) -> Supervisor:
    """Two workers over one file or folder; not started."""
    return Supervisor(ServerOptions((rules,), OFF, Keeping.FULL, None, Settings("127.0.0.1:0")), 2, print)


def test_compiled_rules_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, shared = tmp_path / "compiled", tmp_path / "rules"
    write_tables(tables(), compiled)
    read: list[Path] = []

    def counted(path: Path, **named: Any) -> Any:
        read.append(path)
        return read_tables(path, **named)

    monkeypatch.setattr(workers, "read_tables", counted)
    monkeypatch.setattr("camcover.cli.compiling.read_tables", counted)
    supervisor(compiled)._put(shared)
    assert len(read) == 1
    assert shared.read_bytes() == compiled.read_bytes()


def test_altered_rules_are_refused_by_the_name_of_their_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compiled, shared = tmp_path / "compiled", tmp_path / "rules"
    write_tables(tables(), compiled)
    content = bytearray(compiled.read_bytes())
    content[len(content) // 4] ^= 1
    compiled.write_bytes(content)
    with pytest.raises(typer.Exit) as ended:
        supervisor(compiled)._put(shared)
    assert ended.value.exit_code == 1
    assert capsys.readouterr().err.startswith(f"{compiled}: ")
    assert not shared.exists()


def test_rule_files_are_compiled_into_the_shared_file(rules: Path, tmp_path: Path) -> None:
    supervisor(rules)._put(tmp_path / "shared")
    assert set(read_tables(tmp_path / "shared").plans) == {"copay-plan", "share-plan"}
