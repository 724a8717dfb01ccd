"""Names from a file: all of them, and every fault at once."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camcover.exchange.fhir.parties import NOBODY_NAMED, Parties, PatientNames, ProviderNames
from camcover.exchange.fhir.stated import parties_of
from camcover.exchange.notes import UnreadableFile

WHOLE: dict[str, Any] = {
    "patient": {
        "system": "https://example.org/members",
        "identifier": "M-1",
        "family": "Doe",
        "given": ["Ana", "B."],
        "gender": "female",
    },
    "provider": {"name": "Example Clinic", "npi": "1234567893", "tin": "123456789"},
    "subscriber_id": "S-1",
    "payer_id": "00001",
}


def test_everything_that_a_file_may_state() -> None:
    assert parties_of(json.dumps(WHOLE), "names.json") == Parties(
        patient=PatientNames("https://example.org/members", "M-1", "Doe", ("Ana", "B."), "female"),
        provider=ProviderNames("Example Clinic", "1234567893", "123456789"),
        subscriber_id="S-1",
        payer_id="00001",
    )


def test_a_file_may_state_nothing() -> None:
    assert parties_of("{}", "names.json") == NOBODY_NAMED


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([], "names.json: found a list; expected an object"),
        ({"payer": "x"}, "names.json: payer: found a name that is not known; expected one of patient, provider, "),
        ({"patient": 1}, "names.json: patient: found a number; expected an object"),
        ({"patient": {"gender": "F"}}, "patient.gender: found 'F'; expected one of male, female, other, unknown"),
        ({"patient": {"given": "Ana"}}, "patient.given: found a text; expected a list of texts"),
        ({"patient": {"given": [None, 3]}}, "patient.given[1]: found a number; expected a text of 1 to 200"),
        ({"patient": {"identifier": "M-1"}}, "patient: found one of system and identifier; expected both, or neither"),
        ({"patient": {"system": "members", "identifier": "1"}}, "patient.system: found 'members'; expected a URI"),
        ({"provider": {"npi": "123"}}, "provider.npi: found '123'; expected 10 digits"),
        ({"provider": {"tin": 123456789}}, "provider.tin: found a number; expected 9 digits"),
        ({"subscriber_id": " "}, "subscriber_id: found ' '; expected a text of 1 to 200 characters"),
        ({"payer_id": "x" * 201}, "payer_id: found 'xxx"),
    ],
)
def test_a_fault_names_its_place(content: Any, said: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        parties_of(json.dumps(content), "names.json")
    assert said in str(refused.value)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(UnreadableFile) as refused:
        parties_of('{"payer_id": 1, "other": 2, "patient": {"gender": true}}', "names.json")
    assert [each.place for each in refused.value.unread] == ["other", "patient.gender", "payer_id"]


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(UnreadableFile, match=r"names.json: found no JSON; expected an object in JSON"):
        parties_of(text, "names.json")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*WHOLE, *WHOLE["patient"]]), inner),
    max_leaves=8,
)


@given(_JSON)
@settings(max_examples=60)
def test_any_json_is_read_or_refused(content: Any) -> None:
    with suppress(UnreadableFile):
        assert isinstance(parties_of(json.dumps(content), "names.json"), Parties)
