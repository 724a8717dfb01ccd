"""Writes `buf/validate/validate.proto` anew: the declarations of the rules that our own .proto files use.

The installed `protovalidate` package holds the compiled descriptor of that file and no source. This prints the
descriptor as source, so that `protos/` is complete for any client's generator and works offline. The predefined rules
(expressions on the rule messages themselves) are left out: validators carry their own copy, and a declaration does not
need them.

Run it by hand after an update of `protovalidate`: `python protos/vendor.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from protovalidate._gen.buf.validate import validate_pb

TARGET = Path(__file__).parent / "buf" / "validate" / "validate.proto"

HEADER = """\
// Copyright 2023-2026 Buf Technologies, Inc.
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     http://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

// Printed by protos/vendor.py from the descriptor in the Python package protovalidate: declarations only.
"""

_LABELS = {
    FieldDescriptorProto.LABEL_OPTIONAL: "optional ",
    FieldDescriptorProto.LABEL_REQUIRED: "required ",
    FieldDescriptorProto.LABEL_REPEATED: "repeated ",
}


def _type_name(field: FieldDescriptorProto) -> str:
    """The field's type as written in a .proto file: fully qualified for messages and enums."""
    if field.type_name:
        return field.type_name
    return FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()


def _field(field: FieldDescriptorProto, label: str, indent: str) -> str:
    """One field declaration."""
    deprecated = " [deprecated = true]" if field.options.deprecated else ""
    return f"{indent}{label}{_type_name(field)} {field.name} = {field.number}{deprecated};"


def _enum(enum: EnumDescriptorProto, indent: str) -> Iterator[str]:
    """An enum with its values and reserved ranges (inclusive in an enum)."""
    yield f"{indent}enum {enum.name} {{"
    for span in enum.reserved_range:
        yield f"{indent}  reserved {span.start} to {span.end};"
    for value in enum.value:
        yield f"{indent}  {value.name} = {value.number};"
    yield f"{indent}}}"


def _message(message: DescriptorProto, indent: str) -> Iterator[str]:
    """A message with what is nested in it."""
    yield f"{indent}message {message.name} {{"
    inner = indent + "  "
    for span in message.reserved_range:
        yield f"{inner}reserved {span.start} to {span.end - 1};"
    for name in message.reserved_name:
        yield f'{inner}reserved "{name}";'
    for index, oneof in enumerate(message.oneof_decl):
        yield f"{inner}oneof {oneof.name} {{"
        yield from (
            _field(field, "", inner + "  ")
            for field in message.field
            if field.HasField("oneof_index") and field.oneof_index == index
        )
        yield f"{inner}}}"
    for field in message.field:
        if not field.HasField("oneof_index"):
            yield _field(field, _LABELS[field.label], inner)
    for enum in message.enum_type:
        yield from _enum(enum, inner)
    for nested in message.nested_type:
        yield from _message(nested, inner)
    for span in message.extension_range:
        end = "max" if span.end > 536_870_911 else str(span.end - 1)
        yield f"{inner}extensions {span.start} to {end};"
    yield f"{indent}}}"


def source(file: FileDescriptorProto) -> str:
    """The declarations of `file` as proto2 source."""
    lines = [HEADER, 'syntax = "proto2";', "", f"package {file.package};", ""]
    lines += [f'import "{name}";' for name in file.dependency]
    lines += ["", f'option go_package = "{file.options.go_package}";']
    lines += [
        "option java_multiple_files = true;",
        f'option java_outer_classname = "{file.options.java_outer_classname}";',
    ]
    lines += [f'option java_package = "{file.options.java_package}";', ""]
    for extension in file.extension:
        lines += [f"extend {extension.extendee} {{", _field(extension, _LABELS[extension.label], "  "), "}", ""]
    for enum in file.enum_type:
        lines += [*_enum(enum, ""), ""]
    for message in file.message_type:
        lines += [*_message(message, ""), ""]
    return "\n".join(lines)


def descriptor() -> FileDescriptorProto:
    """The descriptor that the installed protovalidate was built from."""
    return FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary())


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(source(descriptor()), encoding="utf-8")
