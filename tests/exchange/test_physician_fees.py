"""The Medicare physician fee schedule: CMS's own amounts, amounts by hand, and files that are not what they seem."""

from __future__ import annotations

import csv
import lzma
import random
from decimal import Decimal
from pathlib import Path

import pytest

from camcover.exchange.fees_text import DraftFees, fees_text
from camcover.exchange.notes import UnreadableFile
from camcover.exchange.physician_fees.amounts import amount_of
from camcover.exchange.physician_fees.localities import locality_of_zip, read_localities
from camcover.exchange.physician_fees.records import RelativeValues
from camcover.exchange.physician_fees.relative_values import read_values
from camcover.exchange.physician_fees.terms import WantedFees, draft_of
from camcover.rulebook import format_text, load_texts
from fee_tables import RVU_2025, RVU_2026, SEATTLE, ZIPS, indices, schedule
from imported_plans import shared
from public_tables import path_of

CODES = frozenset({"97010", "97140", "97810", "98940", "98943", "99213"})
SOURCE = '{title: "CMS, two files"}'


def seattle(folder: Path, rvu: str = RVU_2025, tier: str = "") -> DraftFees:
    """The draft of the first locality."""
    rvu_path, gpci = schedule(folder, rvu)
    return draft_of(read_values(rvu_path, CODES), read_localities(gpci).places[0], WantedFees(CODES, SOURCE, "", tier))


def told(error: pytest.ExceptionInfo[UnreadableFile]) -> list[str]:
    """What could not be read."""
    return [str(each) for each in error.value.unread]


def test_all_amounts_of_cms_come_out() -> None:
    """CMS's amounts of 76145 in 2025: 109 of 109, in cents. Its values are 0, 29.03 and 0.51: only these give all."""
    values = RelativeValues(
        "76145", 0, "A", Decimal(0), Decimal("29.03"), None, Decimal("0.51"), Decimal("32.3465"), is_reduced=False
    )
    places = {(each.contractor, each.number): each for each in read_localities(path_of("GPCI2025.csv")).places}
    lines = csv.reader(path_of("PFREV25C.txt").read_text(encoding="latin-1").splitlines())
    published = {(line[1], line[2]): line[5] for line in lines if line[0] == "2025"}
    assert len(published) == 109
    for key, amount in published.items():
        assert amount_of(values, Decimal("29.03"), places[key]) == int(Decimal(amount) * 100)


def test_amounts_by_hand(tmp_path: Path) -> None:
    """Seattle: work 1.043, practice expense 1.22, malpractice 0.853; the factor is 32.3465.

    97810: 0.61 x 1.043 + 0.73 x 1.22 + 0.04 x 0.853 = 0.63623 + 0.8906 + 0.03412 = 1.56095, times the factor 50.4912.
    In a hospital 0.28 x 1.22 = 0.3416 in place of 0.8906: 1.01195, 32.7330. Of 50.49, 95 percent are 47.9655.
    97140: 0.44849 + 0.488 + 0.00853 = 0.94502, 30.5681; of it 0.488 is practice expense, 15.7851. NA in a hospital.
    """
    draft = seattle(tmp_path)
    whole, part = draft.tiers["participating"], draft.tiers["non_participating"]
    assert whole.codes == {"97140": 3057, "97810": 5049, "98940": 2961}
    assert whole.rates[0].settings == ("outpatient_hospital", "inpatient_hospital")
    assert whole.rates[0].codes["97810"] == 3273
    assert "97140" not in whole.rates[0].codes
    assert (whole.expenses, whole.reduction) == ({"97140": 1579}, "50%")
    assert part.codes["97810"] == 4797


def test_the_file_is_a_rule_file_that_cites_its_source(tmp_path: Path) -> None:
    text = fees_text(seattle(tmp_path))
    assert format_text(text) == text
    found = load_texts(shared() | {"fees.yaml": text})
    assert found.rules is not None
    assert found.diagnostics == ()
    (edition,) = found.rules.fees["medicare-fees-wa-02"]
    assert "effective: {from: 2025-01-01, to: 2025-12-31}" in text
    assert edition.tiers["participating"].cite == "mpfs locality WA-02, SEATTLE (KING CNTY)"


def test_codes_without_an_amount_are_named(tmp_path: Path) -> None:
    notes = seattle(tmp_path).notes
    assert "The conversion factor is 32.3465." in notes
    assert "Without an amount: 97010, paid within another service (B)." in notes
    assert "Without an amount: 98943, not covered by Medicare (N)." in notes
    assert "Not in the file: 99213." in notes


def test_one_tier_is_paid_so(tmp_path: Path) -> None:
    draft = seattle(tmp_path, tier="in_network")
    assert list(draft.tiers) == ["in_network"]
    assert list(draft.sources) == ["mpfs"]


def test_a_column_more_moves_nothing(tmp_path: Path) -> None:
    """20560 of 2026: multiple procedures 0, factor 33.4009, in columns of which the second has moved."""
    values = read_values(schedule(tmp_path, RVU_2026)[0], {"20560"})
    assert values.year == 2026
    assert values.values["20560"].factor == Decimal("33.4009")
    assert not values.values["20560"].is_reduced


def test_rows_with_a_modifier_and_values_of_no_office(tmp_path: Path) -> None:
    """A code of which only parts are priced; a code that no office gives."""
    rvu = RVU_2025.replace("98940,,,A", "98940,26,,A").replace("97810,,,A,,0.61,0.73,,", "97810,,,A,,0.61,0.73,NA,")
    draft = seattle(tmp_path, rvu)
    assert list(draft.tiers["participating"].codes) == ["97140"]
    assert "Only with an amount of a hospital: 97810." in draft.notes
    assert "Rows with a modifier are not used: 98940." in draft.notes


def test_cells_that_are_none_leave_their_code_out(tmp_path: Path) -> None:
    rvu = RVU_2025.replace("97810,,,A,,0.61", "97810,,,A,,#REF!")
    read = read_values(schedule(tmp_path, rvu)[0], CODES)
    assert [str(each) for each in read.unread] == [
        "rvu.csv:10: column work rvu: found '#REF!'; expected a number such as 0.74"
    ]
    assert "97810" not in read.values


def test_a_code_that_stands_twice_is_listed(tmp_path: Path) -> None:
    line = RVU_2025.splitlines()[8]
    read = read_values(schedule(tmp_path, RVU_2025 + line + "\n")[0], CODES)
    assert [str(each) for each in read.unread] == [
        f"rvu.csv:14: column hcpcs: found '{line[:5]}'; expected a code that no earlier row has"
    ]


@pytest.mark.parametrize(
    ("rvu", "expected"),
    [
        ("", "rvu.csv: found no heading; expected a heading in the first 40 rows that begins with 'hcpcs'"),
        (
            RVU_2025.replace("National Physician", "Local"),
            "expected a title such as 2026 National Physician Fee Schedule Relative Value File",
        ),
        (RVU_2025.replace("CONV", "OTHER"), "expected a heading with the columns conv factor"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, rvu: str, expected: str) -> None:
    path = tmp_path / "rvu.csv"
    path.write_text(rvu)
    with pytest.raises(UnreadableFile) as error:
        read_values(path, CODES)
    assert told(error)[0].endswith(expected)


@pytest.mark.parametrize(
    ("gpci", "expected"),
    [
        (indices(97), "gpci.csv: found 98 localities; expected 109, one for each locality of the year"),
        (indices(108, SEATTLE), "gpci.csv:5: found 'WA-02'; expected a locality that no earlier row has"),
        (indices(108, SEATTLE.replace("WA", "OR")), "gpci.csv:5: found 'OR-02'; expected a locality"),
        (indices(108, "1,OR,01,PORTLAND,1,1,1"), "gpci.csv:5: column medicare administrative contractor (mac): found"),
        (indices(108, "02302,OR,01,PORTLAND,1,x,1"), "gpci.csv:5: column 2025 pe gpci: found 'x'; expected a number"),
        (indices().replace("2025 MP", "2024 MP"), "expected the columns PW GPCI, PE GPCI and MP GPCI of one year"),
    ],
)
def test_a_table_of_localities_is_taken_whole_or_not_at_all(tmp_path: Path, gpci: str, expected: str) -> None:
    with pytest.raises(UnreadableFile) as error:
        read_localities(schedule(tmp_path, gpci=gpci)[1])
    assert expected in told(error)[0]


def test_the_index_with_the_floor_counts(tmp_path: Path) -> None:
    """A year's table may have the work index twice."""
    gpci = indices().replace(",2025 PW GPCI (with", ",2025 PW GPCI (without 1.0 Floor),2025 PW GPCI (with")
    gpci = gpci.replace(",1.043,", ",1.003,1.043,").replace(",1,1,1", ",0.9,1,1,1").replace(",,,,,,", ",,,,,,,")
    assert read_localities(schedule(tmp_path, gpci=gpci)[1]).places[0].work == Decimal("1.043")


def test_a_zip_code_lies_in_a_locality(tmp_path: Path) -> None:
    places = read_localities(schedule(tmp_path)[1]).places
    path = tmp_path / "zips.txt"
    path.write_text(ZIPS)
    assert locality_of_zip(path, "98101", places)[0].key == "WA-02"


@pytest.mark.parametrize(
    ("lines", "code", "expected"),
    [
        (ZIPS, "10001", "zips.txt: ZIP code 10001: found no line; expected a line of this ZIP code"),
        (ZIPS, "98333", "zips.txt:2: ZIP code 98333: found the mark of four more digits; expected a ZIP code that"),
        (ZIPS, "98801", "zips.txt:3: ZIP code 98801: found contractor 02402, locality 99; expected one locality"),
        ("WA98101024\n", "98101", "zips.txt:1: found 'WA98101024'; expected state, ZIP code, carrier and locality"),
    ],
)
def test_a_zip_code_without_one_locality_is_refused(tmp_path: Path, lines: str, code: str, expected: str) -> None:
    path = tmp_path / "zips.txt"
    path.write_text(lines)
    with pytest.raises(UnreadableFile) as error:
        locality_of_zip(path, code, read_localities(schedule(tmp_path)[1]).places)
    assert told(error)[0].startswith(expected)


def test_every_real_zip_code_lies_in_a_real_locality(tmp_path: Path) -> None:
    """42,956 ZIP codes of October 2025, 580 of which need four more digits; Manhattan, Guam and Seattle."""
    path = tmp_path / "zips.txt"
    path.write_bytes(lzma.decompress(path_of("ZIP5_OCT2025.txt.xz").read_bytes()))
    places = read_localities(path_of("GPCI2025.csv")).places
    lines = path.read_text(encoding="latin-1").splitlines()
    assert (len(lines), sum(line[20] == "1" for line in lines)) == (42_956, 580)
    assert {(line[7:12], line[12:14]) for line in lines} <= {(each.contractor, each.number) for each in places}
    found = {code: locality_of_zip(path, code, places)[0].key for code in ("10001", "96910", "98101")}
    assert found == {"10001": "NY-01", "96910": "HI-01", "98101": "WA-02"}


def test_broken_files_give_fees_or_reasons(tmp_path: Path) -> None:
    dice = random.Random(20261127)  # noqa: S311 - a seeded choice of changes
    rvu, gpci = schedule(tmp_path)
    whole = {path: path.read_bytes() for path in (rvu, gpci)}
    for number in range(200):
        path = (rvu, gpci)[number % 2]
        place = dice.randrange(len(whole[path]))
        rest = bytes([dice.randrange(256)]) + whole[path][place + 1 :] if number % 4 < 2 else b""
        path.write_bytes(whole[path][:place] + rest)
        try:
            read, localities = read_values(rvu, CODES), read_localities(gpci)
            fees_text(draft_of(read, localities.places[0], WantedFees(CODES, SOURCE)))
        except UnreadableFile:
            continue
        finally:
            path.write_bytes(whole[path])
