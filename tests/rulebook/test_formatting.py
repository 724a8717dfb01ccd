"""The canonical layout: worked out by hand on small documents, and its promises on random ones."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from camcover.rulebook import formatting
from camcover.rulebook.formatting import WIDTH, format_text
from camcover.rulebook.nodes import LOADER, MAX_BYTES
from camcover.rulebook.trivia import build_entries, find_comments

LANGUAGE = Path(__file__).parents[2] / "docs" / "rule-language.md"


def plan_example() -> str:
    """The plan file of docs/rule-language.md, section 4."""
    section = LANGUAGE.read_text(encoding="utf-8").split("## 4. Plan\n", 1)[1]
    return section.split("```yaml\n", 1)[1].split("```", 1)[0]


def comments_of(text: str) -> list[str]:
    """Comments of a text that has no `#` inside its scalars."""
    return [line[line.index("#") :].rstrip() for line in text.splitlines() if "#" in line]


def test_top_level_keys_take_the_order_of_the_language() -> None:
    tiers = "tiers:\n  in: {otherwise: 80% of charge}\n"
    text = f"kind: fees\nid: a\n{tiers}effective: {{from: 2026-01-01}}\nformat: camcover/1\n"
    assert format_text(text) == (
        "format: camcover/1\nkind: fees\nid: a\neffective: {from: 2026-01-01}\ntiers:\n"
        "  in: {otherwise: 80% of charge}\n"
    )


def test_schema_line_stays_on_top_and_other_comments_go_with_their_key() -> None:
    text = "# schema\nid: a  # the id\n# what it is\nkind: plan\n"
    assert format_text(text) == "# schema\n# what it is\nkind: plan\nid: a  # the id\n"


def test_indentation_becomes_two_spaces_and_lists_stand_in() -> None:
    text = (
        "id: a\nbenefits:\n    massage:\n        member_pays:\n        - deductible\n"
        "        -   copay:   $30\n            per: visit\n"
    )
    assert format_text(text) == (
        "id: a\nbenefits:\n  massage:\n    member_pays:\n      - deductible\n      - copay: $30\n        per: visit\n"
    )


def test_scalars_keep_their_text() -> None:
    text = "a: $30.00\nb: 012\nc: 1.10\nd: no\ne: \"97810\"\nf: 'x'\ng: 2026-01-01\nh: 12:30\ni: ~\nj:\n"
    assert format_text(text) == text


def test_flow_collections_on_several_lines_are_joined() -> None:
    assert format_text("a: {x: 1,\n  y: [ 2,3 ] }\n") == "a: {x: 1, y: [2, 3]}\n"


def test_long_flow_collections_are_filled_up_to_the_width() -> None:
    words = [f"word-{number:04}" for number in range(20)]
    lines = format_text(f"codes: [{', '.join(words)}]\n").splitlines()
    # 8 columns stand before the first word; ten words of 9 with ", " are 108, an eleventh would end at column 128.
    assert lines == [f"codes: [{', '.join(words[:10])},", f"        {', '.join(words[10:])}]"]


def test_long_plain_text_is_broken_at_the_width() -> None:
    words = " ".join(["abcdefghi"] * 20)
    lines = format_text(f"notes: {words}\n").splitlines()
    assert [len(line) for line in lines] == [6 + 11 * 10, 2 + 9 * 10 - 1]


def test_a_flow_collection_with_a_comment_becomes_a_block() -> None:
    text = "codes: [a,  # first\n  b]\n"
    assert format_text(text) == "codes:\n  - a       # first\n  - b\n"


def test_blank_lines_are_single_and_none_at_the_ends() -> None:
    assert format_text("\n\na: 1\n\n\n\nb: 2\n\n\n") == "a: 1\n\nb: 2\n"


def test_a_comment_below_a_block_stays_in_it() -> None:
    text = "a:\n  b: 1\n  # about a\n# about c\nc: 2\n# the end\n"
    assert format_text(text) == text


def test_comment_behind_a_dash_goes_before_the_item() -> None:
    assert format_text("a:\n  - # why\n    b: 1\n") == "a:\n  # why\n  - b: 1\n"


@pytest.mark.parametrize(
    "text", ["notes: |  # why\n  one\n\n\n    two\n\nid: a\n", "notes: >-\n  one\n  two\n\n  three\n"]
)
def test_block_texts_keep_their_lines(text: str) -> None:
    kept = text if text.startswith("notes: >") else "id: a\nnotes: |  # why\n  one\n\n\n    two\n"
    assert format_text(text) == kept


def test_plain_text_with_paragraphs_keeps_them() -> None:
    assert format_text("notes: one\n    two\n\n    three\n") == "notes: one two\n\n  three\n"


@pytest.mark.parametrize(
    "text",
    [
        "a: [1\n",
        "a: &x 1\n",
        "a: !t 1\n",
        "a: 1\n---\nb: 2\n",
        "- a\n",
        "",
        "# only\n",
        "? [a]\n: b\n",
        "a: *x\n",
        "a: 1\x85b: 2\n",
    ],
)
def test_a_file_that_is_no_rule_document_is_left_alone(text: str) -> None:
    assert format_text(text) == text


def test_comment_between_a_key_and_its_word_goes_before_the_key() -> None:
    assert format_text("a:\n  # why\n  word\nb: 2\n") == "# why\na: word\nb: 2\n"


def test_comment_behind_the_dash_of_a_nested_list_goes_before_it() -> None:
    assert format_text("a:\n  - [ # why\n    b]\n") == "a:\n  # why\n  - - b\n"


def test_quoted_text_on_several_lines_is_joined() -> None:
    assert format_text('a: \'one\n  two\'\nb: "x\n\n  \\"y\\""\n') == 'a: "one two"\nb: "x\\n\\"y\\""\n'


def test_line_ends_become_newlines() -> None:
    assert format_text("a: 1\r\nb: 2") == "a: 1\nb: 2\n"


def test_example_of_the_language_keeps_comments_and_is_stable() -> None:
    text = plan_example()
    once = format_text(text)
    assert format_text(once) == once
    assert comments_of(once) == comments_of(text)
    assert yaml.load(once, Loader=yaml.BaseLoader) == yaml.load(text, Loader=yaml.BaseLoader)
    assert max(map(len, once.splitlines())) <= WIDTH


words = st.sampled_from(
    ["a", "$30.00", "40%", "no", '"97810"', "'it''s'", "M54.50", "two words", "x  y", '"a\\nb"', "-5", "a:b"]
)
names = st.sampled_from(["id", "kind", "notes", "tiers", "b", "c", "long-name", '"1"'])
gaps = st.sampled_from(["", "", "", "\n", "\n\n"])
remarks = st.sampled_from(["", "", "", "  # why", "    # far"])


def flow(value: object) -> str:
    """A random value as a flow collection."""
    if isinstance(value, dict):
        return "{ " + ",  ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + " ,".join(map(flow, value)) + " ]"
    return str(value)


@st.composite
def blocks(draw: st.DrawFn, depth: int = 0) -> str:
    """A random block mapping with comments and blank lines in odd places."""
    step = draw(st.sampled_from([1, 2, 4]))
    lines: list[str] = []
    for name in draw(st.lists(names, min_size=1, max_size=4, unique=True)):
        lines.extend(draw(gaps).split("\n")[1:])
        if draw(st.integers(0, 5)) == 0:
            lines.append(" " * draw(st.integers(0, 6)) + "# own line")
        kind = draw(
            st.sampled_from(["word", "flow", "broken", "map", "list", "text"] if depth < 3 else ["word", "flow"])
        )
        lines.extend(draw(value_lines(name, kind, step, depth)))
    return "\n".join(lines) + "\n"


@st.composite
def value_lines(draw: st.DrawFn, name: str, kind: str, step: int, depth: int) -> list[str]:
    """The lines of one key."""
    remark = draw(remarks)
    if kind == "word":
        return [f"{name}:   {draw(words)}{remark}"]
    if kind == "text":
        return [
            f"{name}: {draw(st.sampled_from(['|', '>', '|-', '>-', '|+']))}{remark}",
            " " * step + "one",
            "",
            " " * step + "two",
            "",
        ]
    if kind in {"flow", "broken"}:
        value = draw(
            st.recursive(
                words, lambda inner: st.lists(inner, max_size=9) | st.dictionaries(names, inner), max_leaves=30
            )
        )
        if kind == "flow" or not isinstance(value, list):
            return [f"{name}: {flow(value)}{remark}"]
        return [f"{name}: [{remark}", *(f"   {flow(item)},{draw(remarks)}" for item in value), f" ]{draw(remarks)}"]
    inner = draw(blocks(depth=depth + 1)).split("\n")[:-1]
    if kind == "map":
        return [f"{name}:{remark}", *(" " * step + line if line else "" for line in inner)]
    first = next(number for number, line in enumerate(inner) if line.strip() and not line.strip().startswith("#"))
    head, body = inner[:first], inner[first:]
    return [f"{name}:{remark}", *head, f"- {body[0]}", *(f"  {line}" if line else "" for line in body[1:]), "- last"]


@settings(deadline=None)
@given(blocks())
def test_formatting_is_stable_and_keeps_meaning_and_comments(text: str) -> None:
    try:
        before = yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError:
        assert format_text(text) == text
        return
    once = format_text(text)
    assert format_text(once) == once
    assert yaml.load(once, Loader=yaml.BaseLoader) == before
    assert sorted(comments_of(once)) == sorted(comments_of(text))


LONG_LIST = "a: [" + "x," * 5_000 + "x]\n"
"""In canonical layout each `x,` gets a space: 5,000 letters more, and line breaks."""


@pytest.mark.parametrize(
    "text",
    ["a: " + "[" * 100_000, LONG_LIST.ljust(MAX_BYTES - 1, "#") + "\n", "a: " + "x" * MAX_BYTES],
    ids=["too deep", "too large once formatted", "too large"],
)
def test_a_file_beyond_the_bounds_is_left_alone(text: str) -> None:
    assert format_text(text) == text


HOSTILE = {
    "words": "x: [" + "a, " * 400 + "]\n",
    "pairs": "x: {" + "a: b, " * 400 + "}\n",
    "deep": "x: [" + ("[" * 15 + "a" + "]" * 15 + ", ") * 40 + "]\n",
    "dashes": "x:\n" + "- - - - a\n" * 100,
    "comments": "x: 1\n" + "# a\n" * 400,
    "comments in brackets": "x: [" + "a, # b\n  " * 200 + "]\n",
    "blank lines": "x: 1\n" + "\n" * 400 + "y: 2\n",
    "texts": "x:\n" + "- | # a\n  a\n" * 200,
    "folded": "x:\n" + "- >\n  a\n\n  b\n" * 100,
    "paragraphs": "x: a\n" + "  a\n\n" * 200,
    "keys": "".join(f"k{number}: 'a'  # b\n" for number in range(200)),
}
"""Texts of which a file of 1 MiB may be made."""


def calls_of(text: str) -> int:
    """How many functions are called while a text is formatted."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        format_text(text)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_work_grows_linearly_with_the_text(text: str) -> None:
    """And each of its letters costs a few calls, so that 1 MiB is formatted in seconds."""
    single, double = calls_of(text), calls_of(text.replace("x:", "y:") + text)
    assert double <= 2.2 * single
    assert single <= 60 * len(text)


class Copied(str):
    """A text that counts the letters that are cut out of it."""

    __slots__ = ()
    letters = 0

    def __getitem__(self, place: Any) -> str:
        """A part of the text."""
        part = super().__getitem__(place)
        Copied.letters += len(part)
        return part


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_letter_is_copied_again_and_again(text: str) -> None:
    Copied.letters = 0
    root = yaml.compose(text, Loader=LOADER)
    assert isinstance(root, yaml.MappingNode)
    comments = find_comments(root, Copied(text))
    build_entries(root, Copied(text), comments)
    assert Copied.letters <= 6 * len(text)


def test_the_garbage_collector_pauses_while_formatting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search walks all that is read so far again and again: it took most of the time of a large file."""
    found: list[bool] = []

    def noted(*_arguments: object) -> list[object]:
        found.append(gc.isenabled())
        return []

    monkeypatch.setattr(formatting, "find_comments", noted)
    format_text("a:   1\n")
    assert found == [False, False]
    assert gc.isenabled()
