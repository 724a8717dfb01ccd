"""Writes docs/diagnostics.md: every diagnostic with its meaning, its remedy and an example.

What comes in: the declared codes of `camcover.rulebook`, and the gallery in tests/diagnostics. What goes out: the page.
With `--check` nothing is written, and the status is 1 when the page is not up to date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from camcover.rulebook import CODES, Severity
from camcover.rulebook.diagnostics import Code
from pages import PROJECT, write_or_check

TARGET = PROJECT / "docs" / "diagnostics.md"
GALLERY = PROJECT / "tests" / "diagnostics"

INTRODUCTION = """\
# Diagnostics

What `camcover rules check` finds in rule files. An error keeps the rule set from being used, a warning does not. Each
example shows the part of a file that is at fault, and what is printed for it; the whole files stand in
`tests/diagnostics/`. This page is written by `docs/generate_diagnostics.py`; change the declarations in
`service/camcover/rulebook/` or the gallery, and run that.

Where a correction needs no thought, `camcover rules check --fix` makes it: a word to which one known word alone is
near, the other name of one thing, thousands' commas of an amount. A file is written as a whole, in one step, or stays
as it is: so it stays if two corrections meet, if a key would then stand twice, or if it was saved meanwhile. Programs
get the corrections as `edits`, and the end of each finding as `end_line` and `end_column` (`--format json`, and
`Diagnostic` of [api.md](api.md)). Lines and columns count characters from 1; an end is behind the last character.
"""

WITHOUT_EXAMPLE = {
    "not-utf8": "It needs bytes that are no text, so there is no example here.",
    "no-rules": "It is about an empty folder, so there is no example here.",
    "unreadable-file": "It is about what a file or link is, not what stands in it, so there is no example here.",
    "more-findings": "It stands below a hundred others, so there is no example here.",
}
"""The codes that no rule file can draw, with the reason."""


def document() -> str:
    """The page as it should be. Raises FileNotFoundError when the gallery lacks a code."""
    codes = sorted(CODES.values(), key=lambda each: each.code)
    parts = [INTRODUCTION]
    for severity in Severity:
        chosen = [each for each in codes if each.severity is severity]
        parts.append(f"## {severity.capitalize()}s\n")
        parts.append("| code | meaning |\n| --- | --- |\n" + "".join(map(_row, chosen)))
        parts.extend(_section(each) for each in chosen)
    return "\n".join(parts)


def _row(code: Code) -> str:
    """A line of the table; the link leads to the section."""
    return f"| [`{code.code}`](#{code.code}) | {_cell(code.meaning)} |\n"


def _cell(text: str) -> str:
    """Text that may stand in a cell."""
    return text.replace("|", "\\|")


def _section(code: Code) -> str:
    """What a code means, what to do, and its example."""
    entries = [code.code, *sorted(file.stem for file in GALLERY.glob(f"{code.code}.*.yaml"))]
    examples = "\n\n".join("\n".join(_example(entry)) for entry in entries if code.code not in WITHOUT_EXAMPLE)
    editor = " An editor shows it too, by the JSON Schema." if code.in_editor else ""
    example = WITHOUT_EXAMPLE.get(code.code, examples)
    return f"### {code.code}\n\n{code.meaning}{editor}\n\n**What to do:** {code.remedy}\n\n{example}\n"


def _example(entry: str) -> Iterator[str]:
    """The part of the file at fault, the second file if there is one, and what is printed."""
    printed = (GALLERY / f"{entry}.txt").read_text(encoding="utf-8")
    lines = (GALLERY / f"{entry}.yaml").read_text(encoding="utf-8").splitlines()
    yield f"```yaml\n{_part(lines, _line_at_fault(printed))}\n```\n"
    second = GALLERY / f"_{entry}.yaml"
    if second.exists():
        yield f"together with\n\n```yaml\n{second.read_text(encoding='utf-8').strip()}\n```\n"
    yield f"```text\n{printed.strip()}\n```"


def _line_at_fault(printed: str) -> int:
    """The line that the text names, from 1."""
    found = re.match(r"[^:]+:([0-9]+):", printed)
    if found is None:
        raise ValueError(f"the expected text names no line: {printed!r}")
    return int(found[1])


def _part(lines: list[str], line: int) -> str:
    """The top-level entry that holds `line`, with the line before it; the whole file for a fault of the whole file."""
    if line == 1:
        return "\n".join(lines)
    starts = [number for number, text in enumerate(lines) if text[:1].strip()]
    first = max(start for start in starts if start < line)
    end = min((start for start in starts if start >= line), default=len(lines))
    return "\n".join(lines[max(0, first - 1) : end])


if __name__ == "__main__":
    raise SystemExit(write_or_check(TARGET, document(), __doc__ or ""))
