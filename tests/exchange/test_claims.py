"""X12 837P claims as requests: what each segment gives, what is listed, and files that are cut or broken."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from camcover.exchange.claims.reading import claim_of_file, read_claims
from camcover.exchange.claims.records import ClaimRequest
from camcover.exchange.notes import UnreadableFile
from exchange.answers import answer
from exchange.billing import CLAIM, EXAMPLE, FIRST, claim_file

VISIT = {
    "state": "WA",
    "taxonomy": "171100000X",
    "provider": "1234567893",
    "place_of_service": "11",
    "diagnoses": ["M54.50"],
    "procedures": [{"code": "97810", "charge_cents": 11_000, "units": 1}],
    "dates": ["2026-03-02"],
}
"""What `CLAIM` gives."""


def told(*segments: str, tier: str = "") -> ClaimRequest:
    """The one claim of a file with these segments."""
    return claim_of_file(read_claims(claim_file(*segments), "plan", tier, "a.837"))


def changed(place: int, segment: str) -> tuple[str, ...]:
    """`CLAIM` with another segment in one place."""
    return (*CLAIM[:place], segment, *CLAIM[place + 1 :])


def items(*segments: str) -> list[dict[str, Any]]:
    """The planned services of a claim."""
    return list(told(*segments).fields["items"])


def notes(found: ClaimRequest) -> list[tuple[int, str]]:
    """What is listed, with the segment that it is about."""
    return [(each.line, each.found) for each in found.unread]


def test_a_claim_as_a_request() -> None:
    found = told(*CLAIM, tier="in_network")
    assert found.unread == ()
    assert found.fields == {
        "request_id": "c1",
        "plan_id": "plan",
        "members": [{"birth_date": "1982-02-11", "membership": {"role": "subscriber"}}],
        "items": [{"tier": "in_network"} | VISIT],
    }


def test_codes_of_a_day_are_one_visit_and_equal_visits_one_service() -> None:
    """110.00 and 70.00 on two days; a claim of 360.00."""
    second = ("LX*2", "SV1*HC:97811*70*UN*1***1", "DTP*472*D8*20260302")
    later = tuple(each.replace("20260302", "20260316") for each in (*CLAIM[2:], *second))
    found = told(CLAIM[0].replace("110", "360"), CLAIM[1], *later, *CLAIM[2:], *second)
    assert found.unread == ()
    (item,) = found.fields["items"]
    assert item["dates"] == ["2026-03-02", "2026-03-16"]
    assert [(each["code"], each["charge_cents"]) for each in item["procedures"]] == [
        ("97810", 11_000),
        ("97811", 7_000),
    ]


def test_modifiers_units_minutes_and_places() -> None:
    (item,) = items(*changed(3, "SV1*HC:98941:AT:59:::DESCRIPTION*110*UN*2*12**1"))
    assert item["procedures"] == [{"code": "98941", "charge_cents": 11_000, "modifiers": ["AT", "59"], "units": 2}]
    assert (item["place_of_service"], item["state"]) == ("12", "OR")
    (timed,) = items(*changed(3, "SV1*HC:97140*110.*MJ*23***1"))
    assert timed["procedures"] == [{"code": "97140", "charge_cents": 11_000, "minutes": 23}]


def test_a_line_has_the_diagnoses_that_it_points_to() -> None:
    head = ("CLM*c1*110***11:B:1*Y*A*Y*Y", "HI*ABK:M5450*ABF:G44209*ABF:R51")
    for pointers, expected in (("3:1", ["R51", "M54.50"]), ("", ["M54.50", "G44.209", "R51"])):
        (item,) = items(*head, "LX*1", f"SV1*HC:97810*110*UN*1***{pointers}", CLAIM[4])
        assert item["diagnoses"] == expected
    found = told(*head, "LX*1", "SV1*HC:97810*110*UN*1***2:4", CLAIM[4])
    assert found.fields["items"][0]["diagnoses"] == ["G44.209"]
    assert notes(found) == [(FIRST + 3, "a pointer to a diagnosis that the claim does not have")]


def test_who_gives_the_service_and_where() -> None:
    """The line's provider and place before the claim's, before the billing provider's."""
    renderer = ("NM1*82*1*HAND*KIM****XX*1234567893", "PRV*PE*PXC*111N00000X")
    facility = ("NM1*77*2*HALL", "N3*1 STREET", "N4*BOISE*ID*83701")
    (item,) = items(*CLAIM[:2], *renderer, *facility, *CLAIM[2:])
    assert (item["taxonomy"], item["state"]) == ("111N00000X", "ID")
    own = ("NM1*82*1*NEEDLE*LEE", "PRV*PE*PXC*225700000X", "NM1*77*2*ROOM", "N4*RENO*NV*89501")
    (item,) = items(*CLAIM[:2], *renderer, *facility, *CLAIM[2:], *own)
    assert (item["taxonomy"], item["state"]) == ("225700000X", "NV")
    (unknown,) = items(*CLAIM[:2], renderer[0], *CLAIM[2:])
    assert "taxonomy" not in unknown


def test_the_provider_is_who_renders_the_line_or_the_claim_or_bills_it() -> None:
    renderer, own = "NM1*82*1*HAND*KIM****XX*1003000126", "NM1*82*1*NEEDLE*LEE****XX*1003000134"
    assert items(*CLAIM)[0]["provider"] == "1234567893"
    assert items(*CLAIM[:2], renderer, *CLAIM[2:])[0]["provider"] == "1003000126"
    assert items(*CLAIM[:2], renderer, *CLAIM[2:], own)[0]["provider"] == "1003000134"
    second = ("LX*2", "SV1*HC:97811*70*UN*1***1", "DTP*472*D8*20260302")
    one, other = items(*CLAIM, own, *second)
    assert (one["provider"], other["provider"]) == ("1003000134", "1234567893")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NM1*82*1*HAND*KIM", "no NPI in element 9"),
        ("NM1*82*1*HAND*KIM****XX*1003000127", "a number in element 9 that is not an NPI"),
        ("NM1*82*1*HAND*KIM****34*1003000126", "a number in element 9 that is not an NPI"),
    ],
)
def test_a_rendering_provider_without_an_npi_is_unknown_and_listed(name: str, said: str) -> None:
    """The clinic's price is not that of the person, so the clinic does not stand in."""
    found = told(*CLAIM[:2], name, *CLAIM[2:])
    assert "provider" not in found.fields["items"][0]
    assert notes(found) == [(FIRST + 2, said)]
    assert name.rsplit("*", maxsplit=1)[-1] not in str(found.unread[0])


def test_the_tax_number_of_an_employer_who_bills_is_taken() -> None:
    """A payer's (NM1 PR) and a person's (SY, a social security number) are not."""
    for number, expected in (("123456789", "12-3456789"), ("12-3456789", "12-3456789")):
        (claim,) = read_claims(_billed_by(f"REF*EI*{number}"), "plan")
        assert (claim.fields["items"][0]["tax_number"], claim.unread) == (expected, ())
    (person,) = read_claims(_billed_by("REF*SY*123456789"), "plan")
    (payer,) = read_claims(claim_file("NM1*PR*2*PAYER*****PI*1", "REF*EI*123456789", *CLAIM), "plan")
    for claim in (person, payer):
        assert ("tax_number" in claim.fields["items"][0], claim.unread) == (False, ())


@pytest.mark.parametrize("number", ["000000000", "12345678", "1234567890", ""])
def test_a_tax_number_that_is_none_is_listed(number: str) -> None:
    (claim,) = read_claims(_billed_by(f"REF*EI*{number}"), "plan")
    assert "tax_number" not in claim.fields["items"][0]
    assert [(each.line, each.found) for each in claim.unread] == [(8, "no tax number in element 2")]


def test_a_billing_provider_without_an_npi_is_listed_with_each_claim() -> None:
    text = claim_file(*CLAIM).replace("*XX*1234567893", "*XX*1234567890")
    (claim,) = read_claims(text, "plan")
    assert "provider" not in claim.fields["items"][0]
    assert notes(claim) == [(7, "a number in element 9 that is not an NPI")]


def _billed_by(segment: str) -> str:
    """A file of `CLAIM` with a segment behind the billing provider's name, the seventh."""
    return claim_file(*CLAIM, biller=[segment])


def test_telehealth_is_where_the_patient_is() -> None:
    (item,) = items(*changed(0, "CLM*c1*110***10:B:1*Y*A*Y*Y"))
    assert (item["place_of_service"], item["state"]) == ("10", "OR")


def test_numbers_of_authorization_and_referral_are_attested() -> None:
    (item,) = items(*CLAIM[:1], "REF*G1*A1", *CLAIM[1:], "REF*9F*R1", "REF*6R*L1")
    assert item["attestations"] == ["prior_authorization", "referral"]


@pytest.mark.parametrize(("code", "role"), [("01", "spouse"), ("19", "child"), ("G8", "")])
def test_a_dependent_is_the_patient(code: str, role: str) -> None:
    dependent = ("HL*3*2*23*0", f"PAT*{code}", "NM1*QC*1*SAMPLE*BEN", "N4*TUCSON*AZ*85701", "DMG*D8*20150704*M")
    found = told(*dependent, *changed(0, "CLM*c1*110***12:B:1*Y*A*Y*Y"))
    (member,) = found.fields["members"]
    assert member == {"birth_date": "2015-07-04"} | ({"membership": {"role": role}} if role else {})
    assert found.fields["items"][0]["state"] == "AZ"


def test_another_payer_changes_nothing_and_is_listed() -> None:
    other = (
        "SBR*S*01*******CI", "CAS*PR*2*10", "AMT*D*40", "OI***Y***Y", "NM1*IL*1*OTHER*EVA****MI*Y1", "N4*MESA*AZ*85201",
        "NM1*PR*2*OTHER PAYER*****PI*2",
    )  # fmt: skip
    found = told(*CLAIM[:2], *other, *CLAIM[2:])
    assert found.fields["items"] == [VISIT]
    assert notes(found) == [
        (FIRST + 2 + n, f"{name} of another payer") for n, name in enumerate(("SBR", "CAS", "AMT", "OI"))
    ]


@pytest.mark.parametrize(
    ("place", "segment", "said", "kept"),
    [
        (0, "CLM*c1*110***11:B:8*Y*A*Y*Y", "a claim that replaces or voids another", 1),
        (0, "CLM*c1*110***11:B:1*Y*A*Y*Y**AA:::WA", "a claim after an accident (CLM11)", 1),
        (0, "CLM*c1*120***11:B:1*Y*A*Y*Y", "lines whose charges do not sum to that of the claim (CLM02)", 1),
        (1, "HI*BK:7242", "a diagnosis of ICD-9 in element 1", 1),
        (1, "HI*ABK:7242", "no code of ICD-10-CM in element 1", 1),
        (3, "SV1*HC:978*110*UN*1***1", "no code of CPT or HCPCS in element 1", 0),
        (3, "SV1*N4:97810*110*UN*1***1", "no code of CPT or HCPCS in element 1", 0),
        (3, "SV1*HC:97810:A*110*UN*1***1", "a text in element 1 that is not a modifier", 1),
        (3, "SV1*HC:97810*110*UN*1.5***1", "no number of units in element 4", 1),
        (3, "SV1*HC:97810*110*DA*1***1", "no number of units in element 4", 1),
        (3, "SV1*HC:97810*110*UN*1*1**1", "no place of service, in the line or its claim", 1),
        (4, "DTP*472*D8*20260230", "no day", 0),
        (4, "DTP*472*RD8*20260302-20260306", "several days", 0),
        (4, "DTP*454*D8*20260302", "a date of kind 454 that is not read", 0),
    ],
)
def test_what_is_not_read_is_listed_with_its_segment(place: int, segment: str, said: str, kept: int) -> None:
    found = told(*changed(place, segment))
    assert (FIRST + place, said) in notes(found)
    assert len(found.fields["items"]) == kept


def test_a_charge_that_cannot_be_read_is_left_to_what_is_typical() -> None:
    found = told(*changed(3, "SV1*HC:97810*1e3*UN*1***1"))
    assert "charge_cents" not in found.fields["items"][0]["procedures"][0]
    assert (FIRST + 3, "no charge in element 2") in notes(found)


def test_a_period_of_one_day_is_a_day() -> None:
    assert items(*changed(4, "DTP*472*RD8*20260302-20260302"))[0]["dates"] == ["2026-03-02"]


def test_what_stands_around_a_claim_is_listed_with_it_alone() -> None:
    """The first subscriber's claim is for a second payer, the second's birth date is none."""
    first = tuple(each.replace("c1", "c0") for each in CLAIM)
    text = claim_file(*first, "HL*3*1*22*0", "SBR*P*18", "NM1*IL*1*OTHER*EVA", "DMG*D8*1982", *CLAIM, "ZZ*1")
    one, two = read_claims(text.replace("SBR*P*18****", "SBR*S*18****"), "plan")
    assert notes(one) == [(10, "a claim to a payer that pays after another")]
    assert notes(two) == [(FIRST + 8, "no day"), (FIRST + 14, "a segment that is not read")]
    assert two.fields["members"] == [{"membership": {"role": "subscriber"}}]


def test_notes_that_stand_with_every_claim_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three claims, each with the two segments before them that are not read: six notes."""
    file = claim_file("ZZZ*1", "ZZZ*2", *CLAIM * 3)
    monkeypatch.setattr("camcover.exchange.claims.reading.MOST_NOTES", 6)
    assert [len(each.unread) for each in read_claims(file, "plan")] == [2, 2, 2]
    monkeypatch.setattr("camcover.exchange.claims.reading.MOST_NOTES", 5)
    with pytest.raises(UnreadableFile, match=r"^a.837: found more than 5 notes on all claims"):
        read_claims(file, "plan", name="a.837")


def test_a_file_of_several_claims_needs_a_number() -> None:
    claims = read_claims(claim_file(*CLAIM, *changed(0, "CLM*c2*110***11:B:1*Y*A*Y*Y")), "plan")
    assert [claim_of_file(claims, number).fields["request_id"] for number in (1, 2)] == ["c1", "c2"]
    for number in (0, 3):
        with pytest.raises(UnreadableFile, match=r"2 claims in the file.*from 1 to 2"):
            claim_of_file(claims, number)


def test_files_without_a_professional_claim_are_refused() -> None:
    for text in (
        answer("EB*1**30"),
        claim_file(),
        claim_file(*CLAIM).replace("0001*005010X222A1", "0001*005010X223A2"),
    ):
        with pytest.raises(UnreadableFile, match="found no professional claim"):
            read_claims(text, "plan")


def test_no_name_address_or_identifier_of_a_person_is_told() -> None:
    """None but the claim's own number, which is the request's id, and the provider's numbers."""
    (found,) = read_claims(EXAMPLE, "plan", name="a.837")
    told_of = json.dumps(found.fields) + "".join(map(str, found.unread))
    for text in (
        "SAMPLE",
        "ANA",
        "X00000042",
        "STREET",
        "98101",
        "SEATTLE",
        "AUTH0001",
        "CHART",
    ):
        assert text not in told_of


def test_a_file_cut_at_any_segment_says_only_what_the_whole_file_says() -> None:
    """Each code and day of a cut file is one of the whole file, and a lost line does not go unnoticed."""
    (whole,) = read_claims(EXAMPLE, "plan")
    billed = _billed(whole)
    pieces = EXAMPLE.splitlines(keepends=True)
    first = next(place for place, each in enumerate(pieces) if each.startswith("CLM"))
    for number in range(first + 1, len(pieces)):
        for end in ("", pieces[number][: len(pieces[number]) // 2]):
            (found,) = read_claims("".join(pieces[:number]) + end, "plan")
            assert _billed(found) <= billed
            assert found.unread
            assert _billed(found) == billed or any(
                "CLM02" in each.found or "day" in each.found for each in found.unread
            )


def _billed(claim: ClaimRequest) -> set[tuple[str, str, int]]:
    return {
        (day, each["code"], each["charge_cents"])
        for item in claim.fields["items"]
        for day in item["dates"]
        for each in item["procedures"]
    }


def test_broken_files_are_read_or_refused() -> None:
    draw = Random(837)  # noqa: S311 - the same draws each time
    for _ in range(300):
        pieces = list(EXAMPLE)
        for _ in range(draw.randint(1, 12)):
            pieces[draw.randrange(106, len(pieces))] = draw.choice("*~:^\n-.9éZ")
        try:
            found = read_claims("".join(pieces), "plan")
        except UnreadableFile:
            continue
        for claim in found:
            json.dumps(claim.fields)
