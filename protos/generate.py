"""Builds the Python modules of `protos/` into `service/camcover/gen/`, which is not committed, or into another folder.

`python protos/generate.py [FOLDER [PACKAGE]]` is run by `make proto`, and by setup.py for a wheel. The modules import
each other inside PACKAGE (`camcover.gen`; another for the client), so that nothing is added to the import path;
`google.rpc` comes from its own package.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent
IN_TREE = ROOT.parent / "service" / "camcover" / "gen"

_OWN_IMPORT = re.compile(r"^(from|import) (buf\.validate|camcover\.v1)\b", re.MULTILINE)


def generate(target: Path, package: str = "camcover.gen") -> int:
    """Write the modules of `package` to `target`, in place of all that it held; gives the compiler's exit status."""
    sources = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.proto"))
    wanted = [str(path) for path in sources if path.parts[0] != "google"]
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    includes = [f"-I{ROOT}", f"-I{files('grpc_tools') / '_proto'}"]
    outputs = [f"--{kind}_out={target}" for kind in ("python", "pyi", "grpc_python")]
    described = target / "described.binpb"
    outputs += [f"--descriptor_set_out={described}", "--include_source_info"]
    status = protoc.main(["protoc", *includes, *outputs, *wanted])
    for module in target.rglob("*.py*"):
        module.write_text(_OWN_IMPORT.sub(rf"\1 {package}.\2", module.read_text()))
    for folder in (target, *(path for path in target.rglob("*") if path.is_dir())):
        (folder / "__init__.py").touch()
    if status == 0:
        files_described = FileDescriptorSet.FromString(described.read_bytes()).file
        (target / "comments.json").write_text(json.dumps(_comments(files_described), indent=0), encoding="utf-8")
    described.unlink(missing_ok=True)
    return int(status)


def _comments(described: Iterable[FileDescriptorProto]) -> dict[str, str]:
    """The comment on each thing of the contract, by its full name; directives to the linter are left out.

    The generated modules do not hold them, and the service tells them to callers over HTTP.
    """
    found = {}
    for file in (each for each in described if each.name.startswith("camcover/")):
        for place in file.source_code_info.location:
            name = _name_at(file, place.path)
            lines = [line.strip() for line in place.leading_comments.splitlines()]
            text = " ".join(line for line in lines if line and not line.startswith("buf:"))
            if name and text:
                found[f"{file.package}.{name}"] = text
    return found


def _name_at(file: Any, path: Sequence[int]) -> str:
    """The name of what stands at a path of field numbers and places, as protobuf counts them; empty for no name."""
    names: list[str] = []
    at = file
    for number, place in zip(path[::2], path[1::2], strict=False):
        field = at.DESCRIPTOR.fields_by_number[number]
        if len(path) % 2 or not field.is_repeated or field.message_type is None:
            return ""
        at = getattr(at, field.name)[place]
        names.append(getattr(at, "name", ""))
        if field.name == "value":
            # A value's full name stands beside its enumeration, not below it.
            del names[-2]
    return ".".join(names)


if __name__ == "__main__":
    sys.exit(generate(Path(sys.argv[1]).resolve(), *sys.argv[2:]) if len(sys.argv) > 1 else generate(IN_TREE))
