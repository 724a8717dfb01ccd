"""Rule files with faults in their letters, words, lines and blocks, and what reading them may never do."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from camcover.engine import compile_rules
from camcover.rulebook import as_json, as_text, load_files, printable
from camcover.rulebook.formatting import format_text
from fuzz.words import NUMBERS, some

__all__ = ["CORPUS", "RuleCase", "corpus_cases", "draw", "fault"]

TESTS = Path(__file__).resolve().parents[1]
GALLERY, SHIPPED = TESTS / "diagnostics", TESTS.parent / "rules"
CORPUS = Path(__file__).parent / "corpus" / "rules"

LONGEST_REPORT = 4 << 20
"""Characters of all diagnostics as they are printed; a file may have at most some hundred of them."""

_WORD = re.compile(r"[A-Za-z0-9_.$%/-]+")

_KEY = re.compile(r" *(?:- )?(?P<key>[a-z_]+):")

_ODD = (
    *(
        "",
        "~",
        "null",
        "yes",
        "no",
        "on",
        "0",
        "-1",
        "1e9",
        "0x10",
        "0o7",
        "1_000",
        ".inf",
        ".nan",
        "$-5",
        "$0",
        "$1.005",
    ),
    *(
        "$99999999999999",
        "101%",
        "0%",
        "-1%",
        "2026-02-29",
        "0000-00-00",
        "9999-12-31",
        "&a",
        "*a",
        "<<: *a",
        "!!python/x",
    ),
    *(
        "!!binary x",
        "{",
        "}",
        "[",
        "]",
        "{}",
        "[]",
        "|",
        ">",
        "- -",
        "? :",
        "---",
        "...",
        "%YAML 9.9",
        "'",
        '"',
        '"\\x00"',
    ),
    *('"\\ud800"', "\t", "#", "\ufeff", "\u2028", "\x85", "\x07", "x" * 5_000, "[" * 200, "{a: " * 200, "a: &a [*a]"),
)


class RuleCase(NamedTuple):
    """Files by name, as bytes."""

    files: dict[str, bytes]


def corpus_cases() -> Iterator[tuple[str, RuleCase]]:
    """Every file that is kept in the repository, beside the catalog of the gallery."""
    catalog = GALLERY / "_catalog.yaml"
    for file in sorted(CORPUS.glob("*.yaml")):
        yield file.name, RuleCase({catalog.name: catalog.read_bytes(), file.name: file.read_bytes()})


@cache
def _sources() -> tuple[dict[str, str], ...]:
    """Groups of files that are read together, the one to be changed last."""
    catalog = GALLERY / "_catalog.yaml"
    gallery = [file for file in sorted(GALLERY.glob("*.yaml")) if not file.name.startswith("_")]
    shipped = sorted((SHIPPED / "catalog").rglob("*.yaml"))
    groups = [[catalog, file] for file in gallery]
    groups += [
        [*shipped, *(each for each in sorted(folder.rglob("*.yaml")) if each != file), file]
        for folder in sorted((SHIPPED / "payers").iterdir())
        for file in sorted(folder.rglob("*.yaml"))
    ]
    return tuple(
        {str(file.relative_to(TESTS.parent)): file.read_text(encoding="utf-8") for file in group} for group in groups
    )


def draw(random: Random) -> RuleCase:
    """The files of the gallery's entry or of a payer, the last of them changed in one to four places."""
    sources = _sources()
    texts = dict(random.choice(sources))
    changed = [*texts][-1]
    text = texts[changed]
    for _ in range(random.randint(1, 4)):
        other = random.choice([*random.choice(sources).values()])
        text = _changed(random, text, other)
    content = text.encode("utf-8", "surrogatepass")
    if random.random() < 0.05 and content:
        at = random.randrange(len(content))
        content = content[:at] + bytes([random.randrange(256)]) + content[at + 1 :]
    return RuleCase({name: each.encode() for name, each in texts.items()} | {changed: content})


def _changed(random: Random, text: str, other: str) -> str:
    """The text changed in one place, by words and lines of its own and of another file."""
    lines = text.splitlines(keepends=True) or ["\n"]
    at = random.randrange(len(lines))
    match random.randrange(12):
        case 0:
            del lines[at]
        case 8 | 9:
            lines = _same_key(random, lines, other.splitlines(keepends=True))
        case 1:
            lines[at:at] = [lines[at]] * random.choice((1, 1, 50, 600))
        case 2:
            lines[at:at] = _block(random, other)
        case 3:
            lines[at:at] = _block(random, text)
        case 4:
            lines[at] = random.choice(("  ", "    ", "\t", " ")) + lines[at]
        case 5:
            lines[at] = lines[at].removeprefix("  ")
        case 6:
            moved = some(random, range(len(lines)), 2)
            lines[moved[0]], lines[moved[-1]] = lines[moved[-1]], lines[moved[0]]
        case 7:
            return text[: random.randrange(len(text) + 1)]
        case _:
            return _other_word(random, text, other)
    return "".join(lines)


def _block(random: Random, text: str) -> list[str]:
    """A line with those below it that stand further in."""
    lines = text.splitlines(keepends=True) or ["\n"]
    at = random.randrange(len(lines))
    return lines[at : _end_of_block(lines, at)]


def _end_of_block(lines: list[str], at: int) -> int:
    """Where those lines end that stand further in than line `at`."""
    end = at + 1
    while end < len(lines) and _depth(lines[end]) > _depth(lines[at]):
        end += 1
    return end


def _depth(line: str) -> int:
    """How far in a line stands."""
    return len(line) - len(line.lstrip())


def _key_of(line: str) -> str:
    """The key that a line begins with; empty where it begins with none."""
    found = _KEY.match(line)
    return found["key"] if found else ""


def _same_key(random: Random, lines: list[str], others: list[str]) -> list[str]:
    """The lines with the value of one key replaced by what the same key has in another place, or in another file."""
    keyed = [at for at, line in enumerate(lines) if _key_of(line)]
    if not keyed:
        return lines
    at = random.choice(keyed)
    same = [
        (source, found)
        for source in (lines, others)
        for found, line in enumerate(source)
        if _key_of(line) == _key_of(lines[at]) and line != lines[at]
    ]
    if not same:
        return lines
    source, found = random.choice(same)
    shift = _depth(lines[at]) - _depth(source[found])
    moved = [
        " " * max(0, _depth(line) + shift) + line.lstrip(" ") for line in source[found : _end_of_block(source, found)]
    ]
    return [*lines[:at], *moved, *lines[_end_of_block(lines, at) :]]


def _other_word(random: Random, text: str, other: str) -> str:
    """One word in the place of another: of the same file, of another, a number, or an odd one."""
    words = [*_WORD.finditer(text)]
    if not words:
        return random.choice(_ODD)
    word = random.choice(words)
    others = _WORD.findall(other)
    new = random.choice((
        random.choice(words).group(),
        random.choice(others) if others else "",
        str(random.choice(NUMBERS)),
        random.choice(_ODD),
        word.group()[:-1],
    ))  # fmt: skip
    return text[: word.start()] + new + text[word.end() :]


def fault(case: RuleCase) -> str | None:
    """What is wrong with how the files are read, printed, compiled and formatted; None: nothing."""
    try:
        return _fault(case)
    except Exception:  # noqa: BLE001 - any exception is a finding
        return traceback.format_exc(limit=-6)


def _fault(case: RuleCase) -> str | None:
    loaded = load_files(case.files)
    if (loaded.rules is None) is not bool(loaded.errors):
        return f"rules {loaded.rules is not None} with {len(loaded.errors)} errors"
    printed = as_text(loaded.diagnostics, loaded.texts) + as_json(loaded.diagnostics)
    if len(printed) > LONGEST_REPORT:
        return f"diagnostics of {len(printed)} characters"
    if printable(printed) != printed:
        return "diagnostics that steer a terminal"
    if loaded.rules is not None:
        compile_rules(loaded.rules)
    text = [*loaded.texts.values()][-1] if loaded.texts else ""
    once = format_text(text)
    return None if format_text(once) == once else "formatted twice it is not as formatted once"
