"""Builds the Python modules of `protos/` into `service/camcover/gen/`, which is not committed, or into another folder.

`python protos/generate.py [FOLDER]` is run by `make proto`, and by setup.py for a wheel. The modules import each other
inside `camcover.gen`, so that nothing is added to the import path; `google.rpc` comes from its own package.
"""

from __future__ import annotations

import re
import shutil
import sys
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent
IN_TREE = ROOT.parent / "service" / "camcover" / "gen"

_OWN_IMPORT = re.compile(r"^(from|import) (buf\.validate|camcover\.v1)\b", re.MULTILINE)


def generate(target: Path) -> int:
    """Write the modules to `target`, in place of all that it held; gives the exit status of the compiler."""
    sources = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.proto"))
    wanted = [str(path) for path in sources if path.parts[0] != "google"]
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    includes = [f"-I{ROOT}", f"-I{files('grpc_tools') / '_proto'}"]
    outputs = [f"--{kind}_out={target}" for kind in ("python", "pyi", "grpc_python")]
    status = protoc.main(["protoc", *includes, *outputs, *wanted])
    for module in target.rglob("*.py*"):
        module.write_text(_OWN_IMPORT.sub(r"\1 camcover.gen.\2", module.read_text()))
    for package in (target, *(path for path in target.rglob("*") if path.is_dir())):
        (package / "__init__.py").touch()
    return int(status)


if __name__ == "__main__":
    sys.exit(generate(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else IN_TREE))
