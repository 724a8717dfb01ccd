"""Faults that the reader finds, each in an otherwise good rule set: one error, at the very word."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from camcover.rulebook import load, load_texts
from camcover.rulebook.nodes import MAX_BYTES
from small_rules import TEXTS

TODAY = date(2026, 11, 24)
SHARE = "share.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "at", "code", "said"),
    [
        # YAML itself
        (SHARE, "name: Share Plan", "name: [Share Plan", "", "syntax", ""),
        (SHARE, "name: Share Plan", "name: Share\x07Plan", "\x07", "syntax", "U+0007"),
        (
            SHARE,
            "name: Share Plan",
            "? [a, b]\n: Share Plan",
            "[a, b]",
            "syntax",
            "found a list or a mapping as a key; expected one word",
        ),
        (SHARE, "2025-11-14}\n", "2025-11-14}\n---\nmore: yes\n", "---", "syntax", "second YAML document"),
        (SHARE, "name: Share Plan", "<<: {name: Share Plan}", "<<", "alias-refused", "merge key '<<'"),
        (
            SHARE,
            "name: Share Plan",
            "name: Share Plan\nname: Twice",
            "name: Twice",
            "duplicate-key",
            "the key 'name' twice",
        ),
        # shapes
        (SHARE, "name: Share Plan", "name: [Share, Plan]", "[Share", "unexpected-shape", "a list"),
        (SHARE, "kind: plan", "kind: plam", "plam", "invalid-word", "did you mean 'plan'"),
        (SHARE, "kind: plan\n", "", "format:", "missing-key", "'kind'"),
        (SHARE, "kind: plan", "kind: [plan]", "[plan]", "unexpected-shape", "found a list"),
        (SHARE, "fees: fees", "fees: {fees: fees}", "{fees: fees}", "unexpected-shape", "a mapping"),
        (SHARE, "fees: fees", "fees:", "", "unexpected-shape", "nothing"),
        (SHARE, "benefit_period: calendar_year", "benefit_period: {starts: 02-29}", "02-29", "invalid-date", ""),
        (SHARE, "benefit_period: calendar_year", "benefit_period: {starts: 02-30}", "02-30", "invalid-date", ""),
        (SHARE, "effective: {from: 2026-01-01, to: 2026-12-31}", "effective: 2026", "2026", "unexpected-shape", ""),
        (SHARE, "from: 2026-01-01", "from: 2026-02-30", "2026-02-30", "invalid-date", ""),
        (SHARE, "from: 2026-01-01", "from: 01/01/2026", "01/01/2026", "invalid-date", ""),
        (SHARE, "to: 2026-12-31", "to: 2025-12-31", "{from: 2026", "range-reversed", "before it begins"),
        # amounts and counts
        (SHARE, "$100.00, family", "$2,430, family", "$2,430", "invalid-amount", "or 'unlimited' write $2430"),
        (SHARE, "$100.00", "$100.005", "$100.005", "invalid-amount", ""),
        (SHARE, "{coinsurance: 20%}", "{coinsurance: 120%}", "120%", "invalid-percentage", ""),
        (SHARE, "{coinsurance: 20%}", "{copay: 20 dollars}", "20 dollars", "invalid-amount", ""),
        (SHARE, "above_allowed: member}", "above_allowed: member up to 90%}", "member up to 90%", "invalid-word", ""),
        (SHARE, "per: calendar_year", "per: rolling 9000 days", "rolling 9000 days", "invalid-word", ""),
        (SHARE, "per: calendar_year", "per: fortnight", "fortnight", "invalid-word", ""),
        (
            SHARE,
            "cite: eoc p.2",
            "counts_toward_out_of_pocket_maximum: copays",
            "copays",
            "invalid-word",
            "list of ded",
        ),
        (SHARE, "cite: eoc p.2", "counts_toward_out_of_pocket_maximum: [copays]", "copays", "invalid-word", "'copay'"),
        (SHARE, "cite: eoc p.2", "counts_toward_out_of_pocket_maximum: []", "[]", "unexpected-shape", "a list"),
        # steps
        (
            SHARE,
            "{coinsurance: 20%}",
            "{coinsurance: 20%, copay: $5}",
            "{coinsurance: 20%, c",
            "unexpected-shape",
            "this item has the steps copay and coinsurance",
        ),
        (
            SHARE,
            "{coinsurance: 20%}",
            "{copay: $5, of: allowed}",
            "{copay: $5",
            "unexpected-shape",
            "'of' is only allowed in a coinsurance step",
        ),
        (SHARE, "{coinsurance: 20%}", "{through: 3 visits}", "{through", "missing-key", "'steps'"),
        (
            SHARE,
            "{coinsurance: 20%}",
            "{through: 3 visits, steps: [nothing]}",
            "{member_pays: [deductible, {t",
            "unexpected-shape",
            "this list mixes steps with parts by visit number",
        ),
        # criteria, requirements, lists of what is named
        (
            SHARE,
            "    limits:",
            "    requires: [{referral: {}, prior_authorization: {}}]\n    limits:",
            "{referral: {}",
            "unexpected-shape",
            "found 2",
        ),
        (SHARE, "cite: eoc p.2", "cite: [eoc]", "[eoc]", "unexpected-shape", "'eoc p.12'"),
        (SHARE, "cite: eoc p.2", "cite: spd p.2", "spd p.2", "unknown-source", "'spd'"),
        (SHARE, "sources:\n", "discounts: [{percent: 10%}]\nsources:\n", "{percent", "nothing-named", "discount"),
        # the other kinds of file
        ("catalog.yaml", "low: $75, typical: $110", "low: $175, typical: $110", "{low: $175", "range-reversed", ""),
        ("catalog.yaml", "{unlicensed: [AL]}", "{}", "{}", "missing-key", "'licensed' or 'unlicensed'"),
        ("fees.yaml", "75% of in_network", "lots of in_network", "lots of", "invalid-percentage", ""),
        ("fees.yaml", "75% of in_network", "75% of in_netwrok", "75%", "unknown-tier", "did you mean 'in_network'"),
    ],
)
def test_one_fault_gives_one_error_where_it_stands(
    file: str, old: str, new: str, at: str, code: str, said: str
) -> None:
    assert TEXTS[file].count(old) >= 1
    text = TEXTS[file].replace(old, new, 1)
    loaded = load_texts(TEXTS | {file: text}, TODAY)
    assert loaded.rules is None
    assert [each.code for each in loaded.errors] == [code], [str(each) for each in loaded.errors]
    (error,) = loaded.errors
    assert said in f"{error.message} {error.hint}"
    if at:
        place = text.index(at, text.index(new[:1]) if new else 0)
        before = text[:place]
        wanted = (before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        assert (error.at.line, error.at.column) == wanted


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n"])
def test_an_empty_file_is_an_error(text: str) -> None:
    (error,) = load_texts(TEXTS | {"empty.yaml": text}, TODAY).errors
    assert (error.code, str(error.at), error.message) == ("syntax", "empty.yaml:1:1", "the file is empty")


def test_a_file_without_a_mapping_is_an_error() -> None:
    (error,) = load_texts(TEXTS | {"other.yaml": "just words\n"}, TODAY).errors
    assert error.code == "unexpected-shape"
    assert "a mapping that starts with 'format: camcover/1'" in error.message


def test_a_file_that_is_too_large_is_an_error() -> None:
    (error,) = load_texts(TEXTS | {"large.yaml": "#" * (MAX_BYTES + 1)}, TODAY).errors
    assert (error.code, error.message) == ("too-large", "the file is larger than 1 MiB")


def test_every_error_of_a_file_is_reported_at_once() -> None:
    text = TEXTS[SHARE].replace("[acupuncture]", "[acupunture]").replace("20%", "120%").replace("eoc p.3", "spd p.3")
    codes = [each.code for each in load_texts(TEXTS | {SHARE: text}, TODAY).errors]
    assert sorted(codes) == ["invalid-percentage", "unknown-source", "unknown-therapy"]


def test_a_broken_catalog_gives_one_error_and_none_for_its_words() -> None:
    text = TEXTS["catalog.yaml"].replace("low: $75, typical: $110", "low: $175, typical: $110")
    assert {each.at.file for each in load_texts(TEXTS | {"catalog.yaml": text}, TODAY).errors} == {"catalog.yaml"}


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ("tier: in_network, therapy: acupuncture", "missing-key", "'dates' or 'first'"),
        (
            "therapy: acupuncture, dates: [2026-03-02], first: 2026-03-02",
            "key-without-effect",
            "'first' has no effect because of 'dates'",
        ),
        ("therapy: acupuncture, first: 2026-03-02, sessions: 501", "invalid-count", "expected 1 to 500"),
        ("items: [{therapy: acupuncture}]", "missing-key", "'dates' or 'first'"),
        (
            "age: 1, birth_date: 2025-01-01, therapy: reiki, first: 2026-01-01",
            "key-without-effect",
            "'age' has no effect",
        ),
        ("birth_date: 1879-12-31, therapy: reiki, first: 2026-01-01", "invalid-date", "a date of birth such as"),
        (
            "items: [{therapy: reiki, first: 2026-01-01}], tier: in_network, charge: $1",
            "key-without-effect",
            "'tier' and 'charge'",
        ),
    ],
)
def test_faults_in_tests_are_errors(given: str, code: str, said: str) -> None:
    text = TEXTS[SHARE] + f"tests:\n  - {{name: one, given: {{{given}}}, expect: {{patient: $1}}}}\n"
    errors = load_texts(TEXTS | {SHARE: text}, TODAY).errors
    assert [each.code for each in errors] == [code]
    assert said in f"{errors[0].message} {errors[0].hint}"


def test_files_on_disk_are_loaded_by_their_paths(tmp_path: Path) -> None:
    """A byte-order mark is taken; what is not UTF-8 is a fault; a folder without rules is one too."""
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(f"\ufeff{text}", encoding="utf-8")
    assert load(tmp_path, today=TODAY).rules is not None
    (tmp_path / "latin.yaml").write_bytes("name: M\u00fcnster".encode("latin-1"))
    (error,) = load(tmp_path, today=TODAY).errors
    assert (error.code, error.message) == ("not-utf8", "byte 7 is not UTF-8")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert [each.code for each in load(empty, today=TODAY).errors] == ["no-rules"]
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load(tmp_path / "nowhere")


def test_the_state_no_stays_a_word() -> None:
    """YAML 1.1 would make false of it; as a state it is refused as the word it is."""
    text = TEXTS["catalog.yaml"].replace("unlicensed: [AL]", "unlicensed: [NO]")
    (error,) = load_texts(TEXTS | {"catalog.yaml": text}, TODAY).errors
    assert "'NO'" in error.message
