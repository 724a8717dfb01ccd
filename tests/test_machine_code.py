"""What is asked of Numba: the option it must have, and what happens where it can keep no machine code."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tomllib
from pathlib import Path

import numba
import pytest

import camcover.machine_code
from camcover.jit import IS_COMPILED
from camcover.machine_code import check_numba, made

ROOT = Path(__file__).resolve().parents[1]


only_compiled = pytest.mark.skipif(not IS_COMPILED, reason="nothing is compiled in this run")


class NoOptions:
    """Stands for the options of a Numba that has dropped `_nrt`."""


def test_a_numba_without_the_option_is_refused_in_one_sentence() -> None:
    with pytest.raises(ImportError) as caught:
        check_numba(NoOptions, "0.99.0")
    assert str(caught.value) == (
        "Numba 0.99.0 lacks the option _nrt, which Camcover's kernel is compiled with: pip install 'numba>=0.62,<0.69'"
    )


def test_the_sentence_names_the_versions_of_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (wanted,) = [each for each in project["dependencies"] if each.startswith("numba")]
    with pytest.raises(ImportError, match=f"pip install '{wanted}'$"):
        check_numba(NoOptions)


@only_compiled
def test_compiling_the_kernel_makes_the_check() -> None:
    """Loading it does not, where it was compiled before: then Numba is not asked for anything."""
    program = (
        "from numba.core import cpu\n"
        "class NoOptions: pass\n"
        "cpu.CPUTargetOptions = NoOptions\n"
        "from camcover.engine.kernel.entry import compiled_kernel\n"
        "try:\n    compiled_kernel()\nexcept ImportError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, env=environment()
    )
    assert done.stdout.startswith(f"Numba {numba.__version__} lacks the option _nrt")


def environment(**more: str) -> dict[str, str]:
    """This process's environment, in which the package of this tree is found."""
    return os.environ | {"PYTHONPATH": str(Path(camcover.machine_code.__file__).parents[1])} | more


SQUARE = "def square(number):\n    return number * number\n"

SQUARED = """
import warnings
warnings.simplefilter("always")
from camcover.machine_code import made
from square import square
squared = made(square, {"cache": True})
print(squared(12))
"""


def squared(folder: Path, program: str = SQUARED, **more: str) -> subprocess.CompletedProcess[str]:
    """A process that compiles a function of a file in `folder`, and prints 144."""
    (folder / "square.py").write_text(SQUARE, encoding="utf-8")
    paths = os.pathsep.join([str(folder), environment()["PYTHONPATH"]])
    changed = environment(**more) | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, env=changed)


READ_ONLY = (
    """
import os
writable = os.access
os.access = lambda path, mode: mode != os.W_OK and writable(path, mode)
"""
    + SQUARED
    + "print(sum(squared.stats.cache_hits.values()))"
)


@only_compiled
@pytest.mark.processes
def test_machine_code_that_can_only_be_read_is_used_where_it_fits(tmp_path: Path) -> None:
    """To the process, no folder can be written. What lies there is not changed, and nothing is compiled elsewhere."""
    elsewhere = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    squared(tmp_path)
    before = {file: file.read_bytes() for file in (tmp_path / "__pycache__").iterdir()}
    assert squared(tmp_path, program=READ_ONLY, **elsewhere).stdout == "144\n1\n"
    assert {file: file.read_bytes() for file in (tmp_path / "__pycache__").iterdir()} == before
    assert not kept(tmp_path / "cache")
    # Of another processor: it does not fit.
    other = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    assert squared(tmp_path, program=READ_ONLY, **elsewhere, **other).stdout == "144\n0\n"


def kept(folder: Path) -> list[Path]:
    """The machine code in a folder."""
    return list(folder.rglob("*.nbc"))


@only_compiled
@pytest.mark.processes
def test_machine_code_goes_to_the_users_cache_where_the_source_is_read_only(tmp_path: Path) -> None:
    """A file in the place of the folder `__pycache__` keeps everybody from writing there, also the root user."""
    source, cache = tmp_path / "source", tmp_path / "cache"
    source.mkdir()
    (source / "__pycache__").touch()
    done = squared(source, XDG_CACHE_HOME=str(cache), HOME=str(tmp_path))
    assert (done.stdout, done.stderr) == ("144\n", "")
    assert len(kept(cache)) == 1


@only_compiled
@pytest.mark.processes
def test_machine_code_goes_where_the_environment_says(tmp_path: Path) -> None:
    source, cache = tmp_path / "source", tmp_path / "cache"
    source.mkdir()
    assert squared(source, NUMBA_CACHE_DIR=str(cache)).stdout == "144\n"
    assert len(kept(cache)) == 1
    assert not kept(source)


@only_compiled
@pytest.mark.processes
def test_without_any_folder_it_compiles_anew_and_says_so(tmp_path: Path) -> None:
    source, no_folder = tmp_path / "source", tmp_path / "file"
    source.mkdir()
    no_folder.touch()
    (source / "__pycache__").touch()
    done = squared(source, XDG_CACHE_HOME=str(no_folder), HOME=str(no_folder))
    assert done.stdout == "144\n"
    assert "RuntimeWarning: Compiled code cannot be kept: no folder can be written to" in done.stderr
    assert not kept(tmp_path)


@only_compiled
@pytest.mark.processes
def test_machine_code_of_a_version_with_other_names_is_compiled_anew(tmp_path: Path) -> None:
    """Numba unpickles its index, which names classes, before it looks whether the source has changed."""
    source, cache = tmp_path / "source", tmp_path / "cache"
    source.mkdir()
    squared(source, NUMBA_CACHE_DIR=str(cache))
    (index,) = cache.rglob("*.nbi")
    version = pickle.dumps(pickle.loads(index.read_bytes()))  # noqa: S301 - written by Numba just before
    index.write_bytes(version + b"ccamcover.money\nNoSuchName\n.")
    done = squared(source, NUMBA_CACHE_DIR=str(cache))
    assert (done.stdout, done.stderr) == ("144\n", "")


@only_compiled
def test_other_errors_of_numba_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_options: object) -> object:
        raise RuntimeError("Unknown cache locator class")

    monkeypatch.setattr(numba, "njit", refuse)
    with pytest.raises(RuntimeError, match="Unknown cache locator class"):
        made(abs, {})
