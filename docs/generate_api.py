"""Writes docs/api.md: the gRPC contract, from the comments of protos/camcover/v1/*.proto.

What comes in: the .proto files. What goes out: the page: services with their methods, messages with their fields and
bounds, enumerations. With `--check` nothing is written, and the status is 1 when the page is not up to date.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc

from camcover.gen.buf.validate import validate_pb2
from camcover.gen.camcover.v1 import text_pb2
from camcover.refusals import Refusal
from pages import PROJECT, write_or_check

TARGET = PROJECT / "docs" / "api.md"
PROTOS = PROJECT / "protos"
ORDER = (
    "estimate_service",
    "request",
    "estimate",
    "eligibility",
    "good_faith",
    "catalog_service",
    "rule_service",
    "draft",
    "impact",
)

INTRODUCTION = """\
# The gRPC contract

Package `camcover.v1`, in `protos/camcover/v1/`. This page is written by `docs/generate_api.py` from the comments there;
change them, and run that.

- Money is integer cents in fields that end in `_cents`; dates are ISO 8601 texts; the currency is US dollars.
- `optional` fields tell "not given" from zero. A field that is not `optional` and not given is empty, zero or false.
- Bounds in the tables are checked before anything else; a call that breaks several is told of all at once.
- A refusal carries `google.rpc.BadRequest` with the path of each field (`items[2].procedures[0].code`), what was found
  and what was expected, the alternatives where they are few; ids that do not exist come with the nearest that do.
  Clients take 8 KiB of it, so that only the first violations are listed, and a last one without a field counts the
  others.
- It carries `google.rpc.ErrorInfo`, too, of the domain `camcover`, with a reason that never changes its name (below);
  each field violation has a `reason` of its own. Programs read these, people the descriptions.
- Texts are one line without control characters (U+0000 to U+001F, U+007F to U+009F, U+2028, U+2029, and those that turn
  the direction of writing); `message` and `reason` may have newlines and tabs.
- An estimate and a `request_id` belong to the subject of the caller's token: another does not find the one, and may use
  the other.
- Lists are counted before a message is read: one that is too long is the only violation that is told.

| status | when |
| --- | --- |
| `INVALID_ARGUMENT` | a field is malformed, out of bounds, unknown to the catalog or the plan, or contradicts another |
| `NOT_FOUND` | the payer plan, therapy, release, draft or estimate does not exist (`google.rpc.ResourceInfo`) |
| `UNAUTHENTICATED` | the service asks for tokens, and the call has none that is known and holds (`Bearer TOKEN`) |
| `PERMISSION_DENIED` | the token's roles do not allow the method, or a second person is needed |
| `ALREADY_EXISTS` | the `request_id` was used before with other content |
| `FAILED_PRECONDITION` | no rules are active yet; a release does not compile; a draft is in another state |
| `ABORTED` | another release is active than `expected_active_release` says, or a draft was saved since: look again |
| `RESOURCE_EXHAUSTED` | too many calls at once (`google.rpc.RetryInfo`: when to try again), or too large a message |
| `DEADLINE_EXCEEDED` | the deadline has passed, a stream was silent for too long, or work on rules took too long |
| `UNAVAILABLE` | the server is draining, or its database is away, locked or full (`google.rpc.RetryInfo`) |
| `UNIMPLEMENTED` | there is no such method; over HTTP also: the path is asked for in a way that it does not take |
| `INTERNAL` | a fault of the service; the message holds the number under which it is logged, nothing else |

{reasons}
Roles: `estimate` for EstimateService and CatalogService; `rules.read` for CatalogService and the methods of RuleService
that change nothing; `rules.write` for all of RuleService. A service started without tokens lets everyone ask and read,
and nobody change rules.

Health is `grpc.health.v1`, for the server as a whole and for each service; `camcover.following` says whether this
replica is at one with its database ([operations.md](operations.md)). Reflection is on. Neither asks for a
token.
"""

_SCALARS = {
    value.number: value.name.removeprefix("TYPE_").lower() for value in FieldDescriptorProto.Type.DESCRIPTOR.values
}
_BOUNDS = {
    "gte": "at least {}",
    "lte": "at most {}",
    "min_len": "at least {} characters",
    "max_len": "at most {} characters",
    "min_items": "at least {} entries",
    "max_items": "at most {} entries",
    "pattern": "`{}`",
}


def document() -> str:
    """The page as it should be. Raises RuntimeError when a .proto cannot be read."""
    described = {Path(each.name).stem: each for each in _described().file if each.name.startswith("camcover/")}
    sources = [_Source(described[name]) for name in ORDER]
    parts = [INTRODUCTION.replace("{reasons}", _reasons())]
    parts += [part for source in sources for part in source.services()]
    parts.append("## Messages\n")
    parts += [part for source in sources for part in source.messages()]
    parts.append("## Enumerations\n")
    parts += [part for source in sources for part in source.enums()]
    return "\n".join(parts)


def _reasons() -> str:
    """The table of refusals."""
    rows = [(f"`{kind.name}`", f"`{kind.status}`", kind.meaning) for kind in Refusal]
    return _table(("reason", "status", "when"), rows)


def _described() -> FileDescriptorSet:
    """Every .proto of the contract, with its comments."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "contract.binpb"
        names = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.glob("camcover/**/*.proto"))
        includes = [f"-I{PROTOS}", f"-I{files('grpc_tools') / '_proto'}"]
        outputs = [f"--descriptor_set_out={target}", "--include_source_info"]
        if protoc.main(["protoc", *includes, *outputs, *names]) != 0:
            raise RuntimeError("the .proto files cannot be read")
        return FileDescriptorSet.FromString(target.read_bytes())


class _Source:
    """One .proto file and the comments in it, by the path of what they are about."""

    def __init__(self, file: FileDescriptorProto) -> None:
        self.file = file
        self.comments = {tuple(each.path): each.leading_comments for each in file.source_code_info.location}

    def comment(self, *path: int) -> str:
        """The comment on one line, directives to the linter left out."""
        lines = [line.strip() for line in self.comments.get(path, "").splitlines()]
        return " ".join(line for line in lines if line and not line.startswith("buf:"))

    def services(self) -> Iterator[str]:
        """A section for each service, with a table of its methods."""
        for place, service in enumerate(self.file.service):
            yield f"## {service.name}\n\n{self.comment(6, place)}\n"
            rows = [
                (
                    f"`{method.name}`",
                    _stream(method.client_streaming) + _linked(method.input_type),
                    _stream(method.server_streaming) + _linked(method.output_type),
                    self.comment(6, place, 2, number),
                )
                for number, method in enumerate(service.method)
            ]
            yield _table(("method", "request", "response", ""), rows)

    def messages(self) -> Iterator[str]:
        """A section for each message, with a table of its fields."""
        for place, message in enumerate(self.file.message_type):
            yield f"### {message.name}\n\n{self.comment(4, place)}\n"
            rows = [
                (
                    str(field.number),
                    f"`{field.name}`",
                    _type(message, field),
                    self.comment(4, place, 2, number) + _bounds(field),
                )
                for number, field in enumerate(message.field)
            ]
            yield _table(("no.", "field", "type", ""), rows)

    def enums(self) -> Iterator[str]:
        """A section for each enumeration, with a table of its values."""
        for place, enum in enumerate(self.file.enum_type):
            yield f"### {enum.name}\n\n{self.comment(5, place)}\n"
            rows = [
                (str(value.number), f"`{value.name}`", self.comment(5, place, 2, number))
                for number, value in enumerate(enum.value)
            ]
            yield _table(("no.", "value", ""), rows)


def _stream(is_stream: bool) -> str:
    return "stream of " if is_stream else ""


def _type(message: DescriptorProto, field: FieldDescriptorProto) -> str:
    """The field's type, and whether it repeats, is optional or one of a group."""
    name = _linked(field.type_name) if field.type_name else _SCALARS[field.type]
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return f"repeated {name}"
    if field.proto3_optional:
        return f"optional {name}"
    if field.HasField("oneof_index"):
        return f"{name}, one of `{message.oneof_decl[field.oneof_index].name}`"
    return name


def _linked(type_name: str) -> str:
    """A type of ours as a link into the page, another by its full name."""
    name = type_name.removeprefix(".")
    if name.startswith("camcover.v1."):
        short = name.removeprefix("camcover.v1.")
        return f"[{short}](#{short.lower()})"
    return f"`{name}`"


def _bounds(field: FieldDescriptorProto) -> str:
    """The bounds of a field in words."""
    extensions: Any = field.options.Extensions  # the types of protobuf do not take an extension of another file
    rules = extensions[validate_pb2.field]
    found = list(_bounds_of(rules))
    return f" Bounds: {'; '.join(found)}." if found else ""


def _bounds_of(rules: Any) -> Iterator[str]:
    """The bounds that a block of rules states."""
    for descriptor, value in rules.ListFields():
        if descriptor.name in _BOUNDS:
            yield _BOUNDS[descriptor.name].format(value)
        elif descriptor.name == "items":
            yield from (f"each {words}" for words in _bounds_of(value))
        elif descriptor.name == "cel":
            yield from (each.message for each in value)
        elif descriptor == text_pb2.release_id:
            yield from (each.message for each in descriptor.GetOptions().Extensions[validate_pb2.predefined].cel)
        elif descriptor.message_type is not None:
            yield from _bounds_of(value)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; a line instead where there are no rows."""
    if not rows:
        return "It has no fields.\n"
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


if __name__ == "__main__":
    raise SystemExit(write_or_check(TARGET, document(), __doc__ or ""))
