"""Machine code that is kept on disk and loaded without Numba: when it is used, and what happens where it cannot be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from numba.core.registry import cpu_target

import camcover
from camcover.jit import IS_COMPILED
from camcover.native_code import Native, folders, native, object_code, processor

SOURCES = "00" * 32

SUM = """
define i64 @fee(i64 %units, i64 %cents, i64 %more) {
  %product = mul i64 %units, %cents
  %sum = add i64 %product, %more
  ret i64 %sum
}
"""

FOREIGN = """
declare i64 @labs(i64)
define i64 @fee(i64 %units, i64 %cents, i64 %more) {
  %found = call i64 @labs(i64 %units)
  ret i64 %found
}
"""


class Compiler:
    """Compiles the same function each time, and counts how often."""

    def __init__(self) -> None:
        """Nothing was compiled yet."""
        self.times = 0

    def __call__(self) -> Native:
        """Machine code for units * cents + more."""
        self.times += 1
        return Native("fee", object_code(SUM))


@pytest.fixture
def compiler() -> Compiler:
    return Compiler()


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder outside of the test's is read or written."""
    for name in ("NUMBA_CACHE_DIR", "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a module."""
    folder = tmp_path / "kernel"
    folder.mkdir()
    return folder


def kept(folder: Path) -> list[Path]:
    """The machine code below a folder."""
    return sorted(folder.rglob("*.nbo"))


def test_what_was_compiled_once_is_loaded_from_then_on(home: Path, compiler: Compiler) -> None:
    """3 units at $40.00 and $5.00 are $125.00."""
    assert native("fee", SOURCES, home, compiler)(3, 4_000, 500) == 12_500
    assert native("fee", SOURCES, home, compiler)(-3, 4_000, 500) == -11_500
    assert compiler.times == 1
    (file,) = kept(home)
    assert file.parent == home / "__pycache__"
    assert list(file.parent.iterdir()) == [file], "no part of a file is left"


def test_code_of_other_sources_is_compiled_again_in_its_place(home: Path, compiler: Compiler) -> None:
    native("fee", SOURCES, home, compiler)
    native("fee", "11" * 32, home, compiler)
    assert compiler.times == 2
    assert len(kept(home)) == 1
    native("fee", SOURCES, home, compiler)
    assert compiler.times == 3


def test_code_for_another_processor_is_kept_beside_it(
    home: Path, compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    native("fee", SOURCES, home, compiler)
    monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
    assert native("fee", SOURCES, home, compiler)(3, 4_000, 500) == 12_500
    assert compiler.times == 2
    monkeypatch.delenv("NUMBA_CPU_NAME")
    native("fee", SOURCES, home, compiler)
    assert compiler.times == 2
    assert len(kept(home)) == 2


def damaged(content: bytes) -> Iterator[tuple[str, bytes]]:
    """A file with one thing wrong, and what that is."""
    head, _, code = content.partition(b"\n")
    told = json.loads(head)
    yield "empty", b""
    yield "cut", content[:-1]
    yield "longer", content + b"\0"
    yield "no head", code
    yield "not a record", b"[]\n" + code
    yield "no symbol", json.dumps({**told, "symbol": None}).encode() + b"\n" + code
    yield "another symbol", json.dumps({**told, "symbol": "fees"}).encode() + b"\n" + code
    yield "another field", json.dumps({**told, "more": 1}).encode() + b"\n" + code
    for place in range(len(head) + 1, len(content), 97):
        yield f"byte {place}", content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def test_no_altered_byte_is_ever_run(home: Path, compiler: Compiler) -> None:
    native("fee", SOURCES, home, compiler)
    (file,) = kept(home)
    sound = file.read_bytes()
    count = 0
    for what, content in damaged(sound):
        file.write_bytes(content)
        before = compiler.times
        assert native("fee", SOURCES, home, compiler)(3, 4_000, 500) == 12_500, what
        assert compiler.times == before + 1, what
        assert file.read_bytes() == sound, f"{what}: what was damaged is replaced"
        count += 1
    assert count > 12


def test_code_that_can_only_be_read_is_used(
    home: Path, tmp_path: Path, compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in an image: the folder beside the source cannot be written, and no other folder is looked for."""
    native("fee", SOURCES, home, compiler)

    def refuse(path: Path, *_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system", str(path))

    for name in ("mkdir", "write_bytes", "replace"):
        monkeypatch.setattr(Path, name, refuse)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert native("fee", SOURCES, home, compiler)(3, 4_000, 500) == 12_500
    assert compiler.times == 1
    assert not kept(tmp_path / "cache")


def test_code_goes_to_the_users_cache_where_the_source_is_read_only(
    home: Path, tmp_path: Path, compiler: Compiler
) -> None:
    """A file in the place of the folder `__pycache__` keeps everybody from writing there, also the root user."""
    (home / "__pycache__").touch()
    native("fee", SOURCES, home, compiler)
    native("fee", SOURCES, home, compiler)
    assert compiler.times == 1
    assert len(kept(tmp_path / "cache" / "camcover")) == 1


def test_code_goes_where_the_environment_says(
    home: Path, tmp_path: Path, compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two packages of one user may share that folder: each has its own below it."""
    other = tmp_path / "another" / "kernel"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "chosen"))
    native("fee", SOURCES, home, compiler)
    native("fee", "11" * 32, other, compiler)
    native("fee", SOURCES, home, compiler)
    assert compiler.times == 2
    assert len(kept(tmp_path / "chosen")) == 2
    assert not kept(home)


def test_without_any_folder_it_compiles_anew_and_says_so(home: Path, tmp_path: Path, compiler: Compiler) -> None:
    for file in (home / "__pycache__", tmp_path / "cache"):
        file.touch()
    for _ in range(2):
        with pytest.warns(RuntimeWarning, match="Compiled code cannot be kept: no folder can be written to"):
            assert native("fee", SOURCES, home, compiler)(3, 4_000, 500) == 12_500
    assert compiler.times == 2
    assert not kept(tmp_path)


def test_a_disk_that_fills_up_leaves_no_part_of_a_file(
    home: Path, tmp_path: Path, compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            file.write(content[:10])
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", fill)
    with pytest.warns(RuntimeWarning, match="cannot be kept"):
        assert native("fee", SOURCES, home, compiler)(3, 4_000, 500) == 12_500
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


def test_a_user_without_a_home_has_no_cache(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", refuse)
    assert list(folders(home)) == [home / "__pycache__"]


def test_the_processor_is_the_one_that_numba_compiles_for() -> None:
    assert processor() == cpu_target.target_context.codegen().magic_tuple()


def test_code_that_calls_others_is_not_made() -> None:
    """Nothing that is loaded would find what it calls."""
    with pytest.raises(RuntimeError) as caught:
        object_code(FOREIGN)
    assert str(caught.value) == "machine code uses labs; expected nothing outside of itself"


PROGRAM = """
import sys
from pathlib import Path
from camcover.jit import compiled, compiled_native
from camcover.native_code import native

@compiled
def least(left, right):
    return min(left, right)

def share(allowed, basis_points, cap):
    return least(allowed * basis_points // 10_000, cap)

function = native("share", "22" * 32, Path(sys.argv[1]), lambda: compiled_native(share))
print(function(12_000, 2_500, 2_000), "numba" in sys.modules)
"""


@pytest.mark.processes
@pytest.mark.skipif(not IS_COMPILED, reason="nothing is compiled in this run")
def test_only_the_process_that_compiles_imports_numba(home: Path) -> None:
    """25% of $120.00 are $30.00, above the cap of $20.00."""
    command = [sys.executable, "-c", PROGRAM, str(home)]
    paths = os.environ | {"PYTHONPATH": str(Path(camcover.__file__).parents[1])}
    told = [subprocess.run(command, check=True, capture_output=True, text=True, env=paths).stdout for _ in range(2)]
    assert told == ["2000 True\n", "2000 False\n"]
