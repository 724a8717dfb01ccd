"""Who renders the items of a good-faith estimate, by the care team of its claim, and what of a team is not read.

NPIs by Luhn over 80840 and nine digits: 123456789 gives 1234567893, 199999998 gives 1999999984, 100000000 gives
1000000004.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from camcover.exchange.fhir.gfe import GoodFaith, read_good_faith
from camcover.exchange.fhir.parties import ProviderNames
from fhir_packets import good_faith_bundle

NUCC = "http://nucc.org/provider-taxonomy"
BILLER, NEEDLES, HANDS = "1234567893", "1999999984", "1000000004"
ACUPUNCTURIST, MASSAGE_THERAPIST = "171100000X", "225700000X"
TEAM = "gfe.json: Bundle.entry[1].resource.careTeam"


def _concept(code: str, system: str = NUCC) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _role(code: str) -> dict[str, Any]:
    return _concept(code, "http://terminology.hl7.org/CodeSystem/claimcareteamrole")


def _person(name: str, npi: str, kind: str = "Practitioner", **others: Any) -> dict[str, Any]:
    identifier = [{"system": "http://hl7.org/fhir/sid/us-npi", "value": npi}] if npi else []
    return {"resourceType": kind, "id": name, "identifier": identifier, **others}


def _member(sequence: int, who: str, code: str = "rendering", **others: Any) -> dict[str, Any]:
    role = {"role": _role(code)} if code else {}
    return {"sequence": sequence, "provider": {"reference": who}, **role, **others}


def _bundle(team: Any, *people: dict[str, Any], items: Sequence[list[int] | None] = ()) -> dict[str, Any]:
    """The bundle with a care team; `items`: the sequences that each of its first items names."""
    bundle = good_faith_bundle()
    claim = bundle["entry"][1]["resource"]
    claim["careTeam"] = team
    for item, sequences in zip(claim["item"], items, strict=False):
        if sequences is not None:
            item["careTeamSequence"] = sequences
    bundle["entry"] += [{"fullUrl": f"https://example.org/{each['id']}", "resource": each} for each in people]
    return bundle


def _read(bundle: Any) -> GoodFaith:
    return read_good_faith(json.dumps(bundle), "gfe.json", "share-plan")


def _rendered(found: GoodFaith) -> list[tuple[str, str]]:
    """NPI and taxonomy of each service."""
    return [(each.get("provider", ""), each.get("taxonomy", "")) for each in found.fields["items"]]


def _told(found: GoodFaith) -> list[str]:
    return [str(each) for each in found.unread]


def test_each_item_has_whom_it_names() -> None:
    """Items 1 to 4 are the visits of acupuncture, item 5 is the massage."""
    team = [
        _member(1, "Practitioner/needles", qualification=_concept(ACUPUNCTURIST)),
        _member(2, "Practitioner/hands", qualification=_concept(MASSAGE_THERAPIST)),
    ]
    people = (_person("needles", NEEDLES), _person("hands", HANDS))
    found = _read(_bundle(team, *people, items=[[1], [1], [1], [1], [2]]))
    assert _told(found) == []
    assert _rendered(found) == [(NEEDLES, ACUPUNCTURIST), (HANDS, MASSAGE_THERAPIST)]


def test_whoever_alone_renders_a_claim_renders_each_item() -> None:
    """One who refers gives no service. The names in the packet stay those of whoever bills."""
    team = [
        _member(1, "Practitioner/hands", "referring"),
        _member(2, "Practitioner/needles", qualification=_concept(ACUPUNCTURIST)),
    ]
    found = _read(_bundle(team, _person("needles", NEEDLES), _person("hands", HANDS), items=[[1]]))
    assert _rendered(found) == [(NEEDLES, ACUPUNCTURIST)] * 2
    assert found.parties.provider == ProviderNames("Nora Example", BILLER)
    expected = "'rendering' of http://terminology.hl7.org/CodeSystem/claimcareteamrole; others render nothing"
    assert _told(found) == [f"{TEAM}[0].role: found 'referring'; expected {expected}"]


@pytest.mark.parametrize("role", ["primary", ""])
def test_where_nobody_is_said_to_render_the_one_in_charge_does(role: str) -> None:
    member = _member(1, "Practitioner/needles", role, qualification=_concept(ACUPUNCTURIST))
    found = _read(_bundle([member], _person("needles", NEEDLES)))
    assert (_told(found), _rendered(found)) == ([], [(NEEDLES, ACUPUNCTURIST)] * 2)
    rendering = _member(2, "Practitioner/hands", qualification=_concept(MASSAGE_THERAPIST))
    both = _bundle([member, rendering], _person("needles", NEEDLES), _person("hands", HANDS))
    assert _rendered(_read(both)) == [(HANDS, MASSAGE_THERAPIST)] * 2


def test_of_several_who_render_nobody_is_taken() -> None:
    team = [_member(number, f"Practitioner/{who}") for number, who in enumerate(("needles", "hands"), start=1)]
    for member in team:
        member["qualification"] = _concept(ACUPUNCTURIST)
    people = (_person("needles", NEEDLES), _person("hands", HANDS))
    found = _read(_bundle(team, *people, items=[[1, 2], [1], [1], [1]]))
    assert _rendered(found) == [("", ""), (NEEDLES, ACUPUNCTURIST), (NEEDLES, ACUPUNCTURIST), ("", "")]
    said = "found 2 who render; expected one for each item; nobody is taken"
    assert _told(found) == [
        f"gfe.json: Bundle.entry[1].resource.item[0].careTeamSequence: {said}",
        f"{TEAM}: {said}",
    ]


def test_a_sequence_that_nobody_has_is_noted() -> None:
    member = _member(1, "Practitioner/needles", qualification=_concept(ACUPUNCTURIST))
    found = _read(_bundle([member], _person("needles", NEEDLES), items=[[7]]))
    assert _rendered(found) == [(NEEDLES, ACUPUNCTURIST)] * 2
    place = "gfe.json: Bundle.entry[1].resource.item[0].careTeamSequence"
    assert _told(found) == [f"{place}: found 7; expected the sequence of a member of the claim's care team"]


@pytest.mark.parametrize(
    ("people", "taxonomy"),
    [
        ([_person("who", NEEDLES, qualification=[{"code": _concept(ACUPUNCTURIST)}])], ACUPUNCTURIST),
        ([_person("who", NEEDLES, "Organization")], ""),
        (
            [
                _person(
                    "who",
                    "",
                    "PractitionerRole",
                    practitioner={"reference": "Practitioner/ana"},
                    specialty=[_concept(ACUPUNCTURIST)],
                ),
                _person("ana", NEEDLES, qualification=[{"code": _concept(MASSAGE_THERAPIST)}]),
            ],
            ACUPUNCTURIST,
        ),
        (
            [
                _person("who", "", "PractitionerRole", practitioner={"reference": "Practitioner/ana"}),
                _person("ana", NEEDLES, qualification=[{"code": _concept(MASSAGE_THERAPIST)}]),
            ],
            MASSAGE_THERAPIST,
        ),
        (
            [
                _person("who", "", "PractitionerRole", organization={"reference": "Organization/clinic"}),
                _person("clinic", NEEDLES, "Organization"),
            ],
            "",
        ),
    ],
)
def test_the_taxonomy_of_a_member_without_a_qualification(people: list[dict[str, Any]], taxonomy: str) -> None:
    """The specialty of a role goes before the practitioner's own; an organization has none."""
    found = _read(_bundle([_member(1, f"{people[0]['resourceType']}/who")], *people))
    assert _rendered(found) == [(NEEDLES, taxonomy)] * 2
    said = f"found no taxonomy code; expected one of {NUCC}; the practitioner is not known"
    assert _told(found) == ([] if taxonomy else [f"{TEAM}[0].qualification: {said}"])


def test_a_number_may_stand_in_the_reference_itself() -> None:
    identifier = {"system": "http://hl7.org/fhir/sid/us-npi", "value": NEEDLES}
    member = {"sequence": 1, "provider": {"identifier": identifier}, "qualification": _concept(ACUPUNCTURIST)}
    found = _read(_bundle([member]))
    assert (_told(found), _rendered(found)) == ([], [(NEEDLES, ACUPUNCTURIST)] * 2)


@pytest.mark.parametrize(
    ("member", "npi", "read", "said"),
    [
        (
            {"qualification": _concept(ACUPUNCTURIST)},
            "1999999983",
            ("", ACUPUNCTURIST),
            ["entry[5].resource.identifier[0].value: found '1999999983'; expected an NPI such as 1234567893"],
        ),
        (
            {"qualification": _concept(ACUPUNCTURIST)},
            "",
            ("", ACUPUNCTURIST),
            ["entry[1].resource.careTeam[0].provider: found no NPI; expected one; published prices are not looked up"],
        ),
        (
            {"qualification": _concept("acupuncturist")},
            NEEDLES,
            (NEEDLES, ""),
            ["careTeam[0].qualification.coding: found 'acupuncturist'; expected a taxonomy code such as 171100000X"],
        ),
        (
            {"qualification": {"coding": [*_concept(ACUPUNCTURIST)["coding"]], "text": "x"}, "note": [1]},
            NEEDLES,
            (NEEDLES, ACUPUNCTURIST),
            ["careTeam[0].note: found an element that is not read; expected none"],
        ),
        (
            {"provider": {"reference": "Practitioner/gone"}, "qualification": _concept(ACUPUNCTURIST)},
            NEEDLES,
            ("", ACUPUNCTURIST),
            ["careTeam[0].provider.reference: found 'Practitioner/gone'; expected a resource of this bundle"],
        ),
        (
            {"role": {"text": "renders"}, "qualification": _concept(ACUPUNCTURIST)},
            NEEDLES,
            (BILLER, ACUPUNCTURIST),
            ["careTeam[0].role: found another role; expected 'rendering' of"],
        ),
    ],
)
def test_what_cannot_be_read_of_a_member_is_noted(
    member: dict[str, Any], npi: str, read: tuple[str, str], said: list[str]
) -> None:
    found = _read(_bundle([_member(1, "Practitioner/who") | member], _person("who", npi)))
    assert _rendered(found) == [read] * 2
    assert [wanted in told for wanted, told in zip(said, _told(found), strict=True)] == [True] * len(said)


def test_of_several_taxonomies_none_is_taken() -> None:
    own = [{"code": _concept(code)} for code in (ACUPUNCTURIST, MASSAGE_THERAPIST)]
    found = _read(_bundle([_member(1, "Practitioner/who")], _person("who", NEEDLES, qualification=own)))
    assert _rendered(found) == [(NEEDLES, "")] * 2
    place = "gfe.json: Bundle.entry[5].resource.qualification[1].code.coding"
    assert _told(found) == [f"{place}: found a second taxonomy code, '225700000X'; expected one; none is taken"]


def test_a_provider_may_be_a_role() -> None:
    """The numbers and the name are those of the practitioner."""
    bundle = good_faith_bundle()
    bundle["entry"][1]["resource"]["provider"]["reference"] = "PractitionerRole/role"
    role = _person("role", "", "PractitionerRole", practitioner={"reference": "Practitioner/nora"})
    bundle["entry"].append({"fullUrl": "https://example.org/role", "resource": role})
    found = _read(bundle)
    assert _rendered(found) == [(BILLER, ACUPUNCTURIST)] * 2
    assert found.parties.provider == ProviderNames("Nora Example", BILLER)
