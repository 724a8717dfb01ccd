"""The package as a user gets it: built from the tracked files, installed into an environment, run from elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="a package is built of the files that git tracks"),
]

BUILD = "from setuptools import build_meta; print(build_meta.build_sdist('dist'))"


def told(*command: object, folder: Path, **more: str) -> str:
    """What a command prints; it may not import anything of this repository."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    words = [str(each) for each in command]
    done = subprocess.run(words, cwd=folder, env=environment | more, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def tracked() -> list[str]:
    """Files of the repository: those that git tracks, and those that it would add."""
    listed = told("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", folder=ROOT)
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution, built from a copy of the tracked files."""
    copy = tmp_path_factory.mktemp("copy")
    for name in tracked():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy / name)
    told(sys.executable, "-c", BUILD, folder=copy)
    (source,) = (copy / "dist").glob("*.tar.gz")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    told(*pip, "--wheel-dir", copy / "dist", source, folder=copy)
    (built,) = (copy / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs of a new environment that holds the wheel; what it needs comes from this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index"]
    told(*install, wheel, folder=folder)
    paths = [path for path in sys.path if Path(path).name == "site-packages"]
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "borrowed.pth").write_text("\n".join(paths), encoding="utf-8")
    return folder / "bin"


def test_the_wheel_holds_the_package_and_what_it_reads(wheel: Path) -> None:
    """All that is tracked of package, rules and protos, and of each .proto file the modules made of it."""
    with zipfile.ZipFile(wheel) as file:
        held = set(file.namelist())
    files = tracked()
    package = {name.removeprefix("service/") for name in files if name.startswith("service/camcover/")}
    rules = {f"camcover/data/{name}" for name in files if name.startswith("rules/")}
    protos = {name.removeprefix("protos/") for name in files if name.startswith("protos/") and name.endswith(".proto")}
    made = {f"camcover/gen/{name.removesuffix('.proto')}_pb2.py" for name in protos if not name.startswith("google/")}
    assert len(package) > 200
    assert len(made) == 11
    assert not (package | rules | {f"camcover/data/protos/{name}" for name in protos} | made) - held
    assert not [name for name in held if not name.startswith(("camcover/", "camcover-"))]


def test_it_prices_the_demo_from_another_folder(installed: Path, tmp_path: Path) -> None:
    """The sums of tests/cli/test_demo.py. The kernel runs uncompiled, since compiling it takes half a minute."""
    camcover = installed / "camcover"
    rules = told(camcover, "shipped", "rules", folder=tmp_path).strip()
    assert Path(rules).is_relative_to(installed.parent)
    request = ROOT / "docs" / "examples" / "request.json"
    answer = told(camcover, "estimate", request, "--rules", rules, folder=tmp_path, NUMBA_DISABLE_JIT="1")
    assert json.loads(answer)["totals"]["patient_cents"] == 32_400


def test_its_contract_can_be_imported(installed: Path, tmp_path: Path) -> None:
    program = "import camcover.gen.camcover.v1.estimate_service_pb2_grpc as made; print(made.__file__)"
    place = told(installed / "python", "-c", program, folder=tmp_path).strip()
    assert Path(place).is_relative_to(installed.parent)
