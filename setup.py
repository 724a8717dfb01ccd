"""What a wheel holds besides the tracked package: the modules of protos/, and the shipped rules and .proto files.

Everything else about the build is in pyproject.toml.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
DATA = {"rules": "*.*", "protos": "*.proto"}
"""Folders that become package data, as camcover/data/NAME, and which of their files."""


class BuildPackage(build_py):
    """Copies the package, then adds what is made from other folders."""

    def run(self) -> None:
        """Build into the build folder; in an editable install make the modules of protos/ where there are none."""
        if self.editable_mode:
            super().run()
            if not (ROOT / "service" / "camcover" / "gen").exists():
                _generate()
            return
        package = Path(self.build_lib) / "camcover"
        shutil.rmtree(package, ignore_errors=True)  # what an earlier build left
        super().run()
        _generate(package / "gen")
        for name, pattern in DATA.items():
            _copy(ROOT / name, package / "data" / name, pattern)


def _generate(*target: Path) -> None:
    """Run the generator that `make proto` runs. Raises CalledProcessError where it fails."""
    subprocess.run([sys.executable, ROOT / "protos" / "generate.py", *target], check=True)


def _copy(source: Path, target: Path, pattern: str) -> None:
    """Copy the files below `source` that match `pattern` and are not hidden."""
    for file in sorted(source.rglob(pattern)):
        place = file.relative_to(source)
        if file.is_file() and not any(part.startswith(".") for part in place.parts):
            (target / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target / place)


setup(cmdclass={"build_py": BuildPackage})
