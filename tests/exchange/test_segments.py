"""The tokenizer of X12: the same text out as in, delimiters of the file, bounds, and no text of a file in a refusal."""

from __future__ import annotations

from random import Random

import pytest

from camcover.exchange.notes import UnreadableFile
from camcover.exchange.x12.envelopes import envelope_remarks, transactions
from camcover.exchange.x12.segments import X12Bounds, X12Delimiters, read_segments
from exchange.answers import EXAMPLE, HEAD, answer
from public_tables import BESIDE

SAMPLES = BESIDE / "x12"
TINY = X12Bounds(characters=5_000, segments=20, elements=30, repetitions=4)


def with_delimiters(text: str, delimiters: X12Delimiters, behind: str = "") -> str:
    """A text with other delimiters, and something behind each segment."""
    return text.translate(str.maketrans("*^:~", "".join(delimiters))).replace(
        delimiters.segment, delimiters.segment + behind
    )


@pytest.mark.parametrize(
    ("delimiters", "behind"),
    [
        (X12Delimiters(), ""),
        (X12Delimiters(), "\n"),
        (X12Delimiters("|", "&", ">", "\n"), ""),
        (X12Delimiters("\x1d", "\x1e", "\x1f", "\x1c"), "\r\n"),
        (X12Delimiters("*", "^", ":", "\r"), "\n"),
    ],
)
def test_a_file_is_the_same_again_with_any_delimiters(delimiters: X12Delimiters, behind: str) -> None:
    text = with_delimiters(answer("EB*B**33^64*HM**27*10*****Y*HC:97810:AT"), delimiters, behind)
    file = read_segments(text)
    assert file.as_text() == text
    benefit = file.segments[10]
    assert (benefit.name, benefit.delimiters) == ("EB", delimiters)
    assert (benefit[1], benefit[7], benefit[12], benefit[99]) == ("B", "10", "Y", "")
    assert (benefit.repeats(3), benefit.parts(13)) == (("33", "64"), ("HC", "97810", "AT"))
    assert [each.name for each in file.segments[-3:]] == ["SE", "GE", "IEA"]


def test_a_byte_order_mark_spaces_and_unknown_segments_are_kept() -> None:
    text = "\ufeff \n" + answer("", "  ZZ9*a", "not a segment*b*c") + "\n \n"
    file = read_segments(text)
    assert file.as_text() == text
    assert [each.name for each in file.segments[10:13]] == ["", "ZZ9", ""]
    assert (file.segments[11][1], file.segments[12][2], file.segments[12].elements) == ("a", "c", 2)


def test_an_earlier_version_has_no_repetitions() -> None:
    text = answer("EB*1**33^64").replace("*^*00501", "*U*00401")
    assert read_segments(text).segments[10].repeats(3) == ("33^64",)


def test_a_second_interchange_may_have_other_delimiters() -> None:
    other = with_delimiters(answer("EB|1"), X12Delimiters("|", "&", ">", "!"))
    file = read_segments(EXAMPLE + other)
    assert file.as_text() == EXAMPLE + other
    assert [each.code for each in transactions(file.segments)] == ["271", "271"]
    assert list(envelope_remarks(file.segments)) == []


def test_a_segment_without_its_end_is_marked() -> None:
    assert not read_segments(HEAD + "EB*C*IND*30***23*15").segments[-1].is_whole


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found no text; expected an ISA segment, which begins an X12 file"),
        (" \n", "found no text; expected an ISA segment, which begins an X12 file"),
        ("ST*271*0001~", "found a text that does not begin with ISA"),
        ("{}", "found a text that does not begin with ISA"),
        ("ISA", "found the end of the file behind ISA; expected a delimiter, such as *"),
        ("ISA7007", "found a letter, a digit or a space behind ISA"),
        ("ISA*00*x~", "found an ISA segment with 2 elements; expected 16 elements"),
        (HEAD[:104], "found the end of the file as element 16 of ISA"),
        (HEAD[:105], "found the end of the file behind element 16 of ISA"),
        (HEAD[:104] + "AB", "found a letter, a digit or a space as element 16 of ISA"),
        (HEAD[:104] + ":*", "found one character as two delimiters in ISA; expected a character of its own for each"),
        (HEAD[:82] + ":" + HEAD[83:], "found one character as two delimiters in ISA"),
    ],
)
def test_what_is_no_x12_file_is_refused(text: str, said: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_segments(text, file="a.271")
    assert said in str(caught.value)
    assert str(caught.value).startswith("a.271")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "x" * 5_000, "found 5"),
        (HEAD + "EB*1~" * 11, "found more than 20 segments; expected at most 20"),
        (HEAD + "EB" + "*" * 31 + "~", "found 31 elements; expected at most 30 in a segment"),
        (HEAD + "EB*1**1^2^3^4^5~", "found 4 repetitions and more; expected less than 4 in a segment"),
    ],
)
def test_sizes_and_counts_are_bounded(text: str, said: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_segments(text, TINY)
    assert said in str(caught.value)


def test_no_refusal_repeats_a_text_of_the_file() -> None:
    for text in ("SAMPLE ANA", "ISA*SAMPLE*ANA", HEAD + "SAMPLE" * 2_000):
        with pytest.raises(UnreadableFile) as caught:
            read_segments(text, TINY)
        assert "SAMPLE" not in str(caught.value)


def test_envelopes_that_disagree_are_told() -> None:
    text = answer("EB*1**30").replace("SE*10*0001~GE*1*1~", "SE*9*0002~GE*1*7~SE*1*1~")
    remarks = [str(each) for each in envelope_remarks(read_segments(text).segments, "a")]
    assert remarks == [
        "a:12: segment: found SE with another control number; expected the control number of segment 3",
        "a:12: segment: found SE that counts 9 segments; expected 10",
        "a:13: segment: found GE with another control number; expected the control number of segment 2",
        "a:14: segment: found SE; expected the end of what was begun last",
    ]
    cut = list(envelope_remarks(read_segments(HEAD).segments))
    assert [each.found for each in cut] == ["ISA without its end", "GS without its end", "ST without its end"]


def test_every_beginning_of_a_file_is_read_or_refused() -> None:
    """An ISA segment has 106 characters; what is shorter does not say its delimiters."""
    for end in (*range(106), *range(106, len(EXAMPLE), 7)):
        if end < 106:
            with pytest.raises(UnreadableFile):
                read_segments(EXAMPLE[:end])
        else:
            assert read_segments(EXAMPLE[:end]).as_text() == EXAMPLE[:end]


def test_broken_files_never_fail_otherwise() -> None:
    draw = Random(271)  # noqa: S311 - the same draws each time
    for _ in range(300):
        pieces = list(EXAMPLE)
        for _ in range(draw.randint(1, 20)):
            pieces[draw.randrange(len(pieces))] = draw.choice("*~^:\n\x00\xe9 AZ09é")
        text = "".join(pieces)
        try:
            assert read_segments(text).as_text() == text
        except UnreadableFile:
            continue


@pytest.mark.skipif(not SAMPLES.exists(), reason="the sample files are not here")
@pytest.mark.parametrize("name", sorted(each.name for each in SAMPLES.glob("*.*")) if SAMPLES.exists() else ["none"])
def test_sample_files_are_the_same_again(name: str) -> None:
    text = (SAMPLES / name).read_text(encoding="utf-8")
    assert read_segments(text).as_text() == text
