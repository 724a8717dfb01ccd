"""Rule documents as YAML text, laid out as a person would: blocks, with short lists and mappings on one line."""

from __future__ import annotations

import re
from typing import Any

_PLAIN = re.compile(r"[A-Za-z$0-9][A-Za-z0-9 $%._/-]*")
_WIDTH = 110


def _scalar(text: str) -> str:
    """The text, in quotes where YAML would read it as a number or as syntax."""
    is_number = text.isdigit() or re.fullmatch(r"[0-9.]+([eE][0-9]+)?", text) is not None
    return text if _PLAIN.fullmatch(text) and not is_number else f'"{text}"'


def _flow(value: Any) -> str:
    """The value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(child)}" for key, child in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(str(value))


def _is_short(value: Any, room: int) -> bool:
    """Whether the value goes on one line: no block inside a block inside it, and it fits."""
    children = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    is_flat = not any(isinstance(child, dict) and len(child) > 2 for child in children)
    return is_flat and len(_flow(value)) <= room


def _block(value: Any, indent: int) -> list[str]:
    """The value as lines of a block."""
    space = " " * indent
    if isinstance(value, list):
        return [f"{space}- {_flow(item)}" for item in value]
    lines: list[str] = []
    for key, child in value.items():
        head = f"{space}{_scalar(key)}:"
        if not child or (_is_short(child, _WIDTH - len(head)) and (indent or not isinstance(child, dict))):
            lines.append(f"{head} {_flow(child)}")
        else:
            lines += [head, *_block(child, indent + 2)]
    return lines


def yaml_text(document: dict[str, Any]) -> str:
    """A rule document (mappings, lists and texts) as a file's text."""
    return "\n".join(_block(document, 0)) + "\n"
