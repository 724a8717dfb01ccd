"""What the client's wheel holds besides the tracked package: the modules of protos/, the services and the reasons.

A wheel is built from a checkout: `make client`. Everything else about the build is in pyproject.toml.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


class BuildClient(build_py):
    """Copies the package, then adds what is generated."""

    def run(self) -> None:
        """Build into the build folder. Raises CalledProcessError where a generator fails."""
        super().run()
        package = Path(self.build_lib) / "camcover_client"
        for command in (
            (ROOT / "protos" / "generate.py", package / "gen", "camcover_client.gen"),
            (HERE / "generate_client.py", package, ROOT / "service" / "camcover" / "refusals.py"),
        ):
            subprocess.run([sys.executable, *map(str, command)], check=True)
        for unused in (package / "gen").rglob("*_grpc.py"):
            unused.unlink()  # the client calls methods by their paths


setup(cmdclass={"build_py": BuildClient})
