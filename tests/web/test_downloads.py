"""The result of a care plan as files: read back, and compared with amounts worked out by hand."""

from __future__ import annotations

import csv
import io
from datetime import date

import httpx
import pytest

from camcover.engine import Tables
from camcover.showing.icalendar import DayEvent, calendar
from camcover.web.downloads import DOWNLOADS
from small_rules import CATALOG, COPAY_PLAN, SHARE_PLAN, tables
from web.conftest import client_of
from web.reading import read
from web.test_care_page import HANDS, NEEDLES

PATHS = [f"plan/{each.name}" for each in DOWNLOADS if each.is_offered]
UNESCAPED = {"\\n": "\n", "\\,": ",", "\\;": ";", "\\\\": "\\"}


def events_of(text: str) -> list[dict[str, str]]:
    """The events of a calendar as RFC 5545 has them: lines unfolded, values of texts unescaped."""
    assert text.endswith("\r\n")
    assert all(len(line.encode()) <= 75 and "\n" not in line for line in text.split("\r\n"))
    lines = text.replace("\r\n ", "").split("\r\n")[:-1]
    assert [lines[0], lines[1], lines[-1]] == ["BEGIN:VCALENDAR", "VERSION:2.0", "END:VCALENDAR"]
    events: list[dict[str, str]] = []
    for line in lines[3:-1]:
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            events.append({})
        elif line != "END:VEVENT":
            events[-1][name] = unescaped(value)
    return events


def unescaped(value: str) -> str:
    """A text without its escapes, read from the left."""
    told, at = "", 0
    while at < len(value):
        pair = value[at : at + 2]
        told += UNESCAPED.get(pair, value[at])
        at += 2 if pair in UNESCAPED else 1
    return told


async def test_the_calendar_has_each_visit_with_what_it_costs(site: httpx.AsyncClient) -> None:
    """$80 to the deductible; its last $20 and 20% of $60; 20% of $80."""
    answer = await site.post("/en/plan/visits.ics", data=NEEDLES)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="visits.ics"'
    events = events_of(answer.text)
    assert [each["SUMMARY;LANGUAGE=en"] for each in events] == [
        "Acupuncture: you pay about $80.00",
        "Acupuncture: you pay about $32.00",
        "Acupuncture: you pay about $16.00",
    ]
    assert [(each["DTSTART;VALUE=DATE"], each["DTEND;VALUE=DATE"]) for each in events] == [
        ("20260302", "20260303"),
        ("20260309", "20260310"),
        ("20260316", "20260317"),
    ]
    assert events[1]["DESCRIPTION;LANGUAGE=en"].split("\n")[0] == "$20.00 toward your deductible; $12.00 coinsurance"
    assert {each["CLASS"] for each in events} == {"PRIVATE"}
    assert len({each["UID"] for each in events}) == 3


async def test_the_table_has_each_visit_with_who_pays(site: httpx.AsyncClient) -> None:
    """Of each $100 the plan allows $80: 80 + 0 + 20, 32 + 48 + 20, 16 + 64 + 20."""
    answer = await site.post("/en/plan/visits.csv", data=NEEDLES)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    names = "Day of the visit,Kind of care,Visit,Covered,Charge,You pay,Your plan pays,Others pay,Not billed,Why"
    assert rows[0] == names.split(",")
    assert [row[:9] for row in rows[1:]] == [
        ["2026-03-02", "Acupuncture", "1", "Yes", "100.00", "80.00", "0.00", "0.00", "20.00"],
        ["2026-03-09", "Acupuncture", "2", "Yes", "100.00", "32.00", "48.00", "0.00", "20.00"],
        ["2026-03-16", "Acupuncture", "3", "Yes", "100.00", "16.00", "64.00", "0.00", "20.00"],
    ]
    assert rows[2][9] == "$20.00 toward your deductible; $12.00 coinsurance"


async def test_files_are_in_the_readers_language(shipped: Tables) -> None:
    form = {"plan": "cascade-silver", "therapy-0": "acupuncture", "visits-0": "1", "first-0": "2026-03-02"}
    async with client_of(shipped) as client:
        (event,) = events_of((await client.post("/es/plan/visits.ics", data=form)).text)
        table = (await client.post("/es/plan/visits.csv", data=form)).text
    assert event["SUMMARY;LANGUAGE=es"].startswith("Acupuntura: usted paga aproximadamente $")
    assert "Un traductor calificado todavía no ha revisado" in event["DESCRIPTION;LANGUAGE=es"]
    assert table.startswith("\ufeffDía de la visita,Tipo de atención,Visita,Cubierta,")
    assert "2026-03-02,Acupuntura,1," in table


def test_texts_of_a_calendar_come_back_as_they_were() -> None:
    """What has a meaning is escaped, characters of several octets are not cut, control characters are left out."""
    text = "a\\n; b, c\n" + "¿Cuánto? 針灸 " * 20
    (event,) = events_of(calendar([DayEvent(date(2026, 12, 31), "x\r\x00y", text)], "en"))
    assert event["DESCRIPTION;LANGUAGE=en"] == text
    assert event["SUMMARY;LANGUAGE=en"] == "xy"
    assert event["DTEND;VALUE=DATE"] == "20270101"


async def test_no_text_of_a_table_is_a_formula() -> None:
    """A catalog is written by staff, and a reader opens the table in a spreadsheet."""
    catalog = CATALOG.replace("name: Massage,", "name: '=HYPERLINK(1)',")
    rules = tables(catalog=catalog, share=SHARE_PLAN, copay=COPAY_PLAN)
    async with client_of(rules) as client:
        text = (await client.post("/en/plan/visits.csv", data=HANDS)).text
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert [row[1] for row in rows[1:]] == ["'=HYPERLINK(1)"] * 2


@pytest.mark.parametrize("path", PATHS)
async def test_files_are_asked_by_post_and_kept_by_nobody(site: httpx.AsyncClient, path: str) -> None:
    answer = await site.post(f"/en/{path}", data=NEEDLES)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await site.get(f"/en/{path}")).status_code == 405
    assert (await site.post(f"/en/{path}", data=NEEDLES, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert (await site.post(f"/en/{path}", content=b"x", headers={"Content-Type": "text/plain"})).status_code == 400
    page = read((await site.post("/en/plan", data=NEEDLES)).text)
    assert f"/en/{path}" in {each.get("formaction") for each in page.fields("do")}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("wrong", "field"), [({"visits-0": "many"}, "fault-visits-0"), ({"first-0": "2031-01-01"}, "faults")]
)
async def test_a_fault_leads_back_to_the_page(
    site: httpx.AsyncClient, path: str, wrong: dict[str, str], field: str
) -> None:
    answer = await site.post(f"/en/{path}", data=NEEDLES | wrong)
    assert answer.headers["content-type"].startswith("text/html")
    assert "content-disposition" not in answer.headers
    assert read(answer.text).of(field)


@pytest.mark.parametrize("path", PATHS)
async def test_without_rules_there_is_no_file(path: str) -> None:
    async with client_of(None) as client:
        assert (await client.post(f"/es/{path}", data=NEEDLES)).status_code == 503
