"""X12 270 out: the segments of a question, and what it cannot hold."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from camcover.exchange.eligibility.inquiry import Inquiry, WrongInquiry, written_inquiry
from camcover.exchange.x12.envelopes import envelope_remarks, transactions
from camcover.exchange.x12.segments import read_segments

NOW = datetime(2026, 3, 1, 9, 5, tzinfo=UTC)
INQUIRY = Inquiry(
    payer_name="CASCADE HEALTH PLAN",
    payer_id="00042",
    provider_name="EXAMPLE CLINIC",
    npi="1234567893",
    last_name="SAMPLE",
    first_name="ANA",
    identifier="X00000042",
    birth_date=date(1982, 2, 11),
    service_types=("30", "64"),
    first=date(2026, 3, 2),
    last=date(2026, 4, 6),
    sender="EXAMPLECLINIC",
    receiver="EXAMPLEPAYER",
    control=42,
)


def test_each_service_type_is_a_question_of_its_own() -> None:
    text = written_inquiry(INQUIRY, NOW)
    file = read_segments(text)
    assert list(envelope_remarks(file.segments)) == []
    assert len(text.splitlines()[0]) == 106
    first, second = transactions(file.segments)
    assert [each.text.strip() for each in first.segments] == [
        "ST*270*0001*005010X279A1~",
        "BHT*0022*13*4201*20260301*0905~",
        "HL*1**20*1~",
        "NM1*PR*2*CASCADE HEALTH PLAN*****PI*00042~",
        "HL*2*1*21*1~",
        "NM1*1P*2*EXAMPLE CLINIC*****XX*1234567893~",
        "HL*3*2*22*0~",
        "TRN*1*4201*9CAMCOVER1~",
        "NM1*IL*1*SAMPLE*ANA****MI*X00000042~",
        "DMG*D8*19820211~",
        "DTP*291*RD8*20260302-20260406~",
        "EQ*30~",
        "SE*13*0001~",
    ]
    assert second.segments[-2].text.strip() == "EQ*64~"


def test_a_single_day_and_no_birth_date() -> None:
    text = written_inquiry(INQUIRY._replace(birth_date=None, last=INQUIRY.first), NOW)
    assert "DTP*291*D8*20260302~" in text
    assert "DMG" not in text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"payer_name": ""}, "payer_name: found nothing; expected a text"),
        ({"last_name": "SAM*PLE"}, "last_name: found the character '*'; expected ASCII without the delimiters * ^ : ~"),
        ({"first_name": "ÁNA"}, "first_name: found the character '\\xc1'"),
        ({"identifier": "A\nB"}, "identifier: found the character '\\n'"),
        ({"sender": "X" * 16}, "sender: found 16 characters; expected at most 15"),
        ({"npi": "1234567890"}, "npi: found no NPI; expected ten digits, the last of which is their check digit"),
        ({"control": 0}, "control: found 0; expected 1 to 999999999"),
        ({"last": date(2026, 3, 1)}, "last: found 2026-03-01; expected 2026-03-02 or later, the first day asked about"),
        ({"service_types": ()}, "service_types: found 0 codes; expected 1 to 99, each once"),
        ({"service_types": ("30", "30")}, "service_types: found 2 codes; expected 1 to 99, each once"),
        ({"service_types": ("30*",)}, "service_types: found a text that is not a code"),
    ],
)
def test_what_the_format_cannot_hold_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(WrongInquiry) as caught:
        written_inquiry(INQUIRY._replace(**changed), NOW)
    assert said in str(caught.value)
