"""Whether the contract breaks callers of an earlier version: `python protos/breaking.py [REVISION]`.

REVISION is one of git, by default the last release: the last tag before HEAD, else the commit that wrote the newest
numbered heading of CHANGELOG.md. Where the history has neither, nothing is compared, and it says so.
The rules are those of `buf.yaml`.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_RELEASE = re.compile(r"^## \d+\.\d+\.\d+.*$", re.MULTILINE)


def compare(root: Path, revision: str) -> int:
    """Compare `protos/` of a repository with what it was; gives the exit status, 0 where nothing breaks."""
    against = revision or last_release(root)
    if not against:
        sys.stdout.write("no release in the history: nothing to compare the contract with\n")
        return 0
    archive = subprocess.run(["git", "archive", against, "protos"], cwd=root, capture_output=True, check=False)
    if archive.returncode != 0:
        sys.stderr.write(f"{against}: git has no protos/ of this revision\n")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as packed:
            packed.extractall(folder, filter="data")
        command = [_buf(), "breaking", root / "protos", "--against", Path(folder) / "protos"]
        status = subprocess.run(command, check=False).returncode
    if status == 0:
        sys.stdout.write(f"the contract breaks nothing of {against}\n")
    return status


def last_release(root: Path) -> str:
    """The last tag before HEAD, else the commit of the last release in CHANGELOG.md; empty where there is none.

    The commits of a shallow clone do not say where a heading was written.
    """
    tag = _git(root, "describe", "--tags", "--abbrev=0")
    if tag or _git(root, "rev-parse", "--is-shallow-repository") != "false":
        return tag
    changes = root / "CHANGELOG.md"
    heading = _RELEASE.search(changes.read_text(encoding="utf-8")) if changes.exists() else None
    return _git(root, "log", f"-S{heading[0]}", "--format=%h", "--", changes.name).split("\n")[-1] if heading else ""


def _git(root: Path, *words: str) -> str:
    """What git prints, without the end of its last line; empty where it fails."""
    return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False).stdout.strip()


def _buf() -> str:
    """The program `buf` of this environment, else of the path."""
    beside = Path(sys.executable).parent / "buf"
    # Where it is nowhere, the error names it.
    return str(beside) if beside.exists() else shutil.which("buf") or "buf"


if __name__ == "__main__":
    sys.exit(compare(ROOT, sys.argv[1] if len(sys.argv) > 1 else ""))
