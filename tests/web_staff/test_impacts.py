"""S6 and S7: what a change does to members and money, begun by a form and told by a link or by events."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from camcover.bulk.schema import REQUEST_SCHEMA
from camcover.workflow.impact.job_files import ImpactFiles, ImpactOrder, ImpactState, JobState
from camcover.workflow.impact.job_work import WORST, work_out
from camcover.workflow.reviewing import SyntheticMembers, impact_on
from small_rules import COPAY_PLAN, FEES
from web.reading import Page
from web_staff.conftest import Desk, Office
from web_staff.test_drafts import begun, dearer, fields

Desks = Callable[..., Any]


LINE = COPAY_PLAN[: COPAY_PLAN.index("copay: $20")].count("\n") + 1
"""Where the copay stands."""


@dataclass
class Jobs:
    """Impacts that are worked out at once, or only when the test says so."""

    files: ImpactFiles
    book: Path | None
    waits: bool = False
    orders: list[ImpactOrder] = field(default_factory=list)

    def state(self, key: str) -> ImpactState | None:
        """As the files have it."""
        return self.files.read(key)

    def begin(self, order: ImpactOrder) -> None:
        """Work it out here."""
        self.orders.append(order)
        self.files.begin(order.key)
        if not self.waits:
            work_out(order, self.files)

    def cancel(self, key: str) -> None:
        """Say that it was."""
        self.files.write(key, ImpactState(JobState.CANCELLED))


def write_book(path: Path) -> None:
    """Two members of the copay plan: three visits at 80.00, and one."""
    visit = {"therapy": "acupuncture", "code": "97810", "charge_cents": 8000, "practitioner": "acupuncturist"}
    visit |= {"tier": "in_network", "start_date": date(2026, 3, 2)}
    rows = [
        {"request_id": name, "plan_id": "copay-plan", "age": 40, "items": [visit | {"sessions": count}]}
        for name, count in (("m-1", 3), ("m-2", 1))
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=REQUEST_SCHEMA), path)


@pytest.fixture
def jobs(office: Office, tmp_path: Path) -> Jobs:
    """The jobs of the office, whose operator names a book of two members."""
    book = tmp_path / "members.parquet"
    write_book(book)
    made = Jobs(ImpactFiles(tmp_path / "impacts"), book)
    office.site = replace(office.site, impacts=made)
    return made


async def ask(desk: Desk, before: str, after: str, **others: Any) -> str:
    """Send the form of the card; gives the page to which it leads."""
    sent = {"proof": await desk.proof(), "before": before, "after": after, "book": "operator", "do": "begin"}
    answer = await desk.post("/impacts", sent | others)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removeprefix("/staff").partition("#")[0]


async def test_a_draft_shows_what_it_does_to_members(jobs: Jobs, desk_of: Desks, office: Office) -> None:
    """A copay of 30.00 becomes 35.00: three visits +15.00, one +5.00; together 120.00 become 140.00."""
    ana, ben, rita = await desk_of("ana"), await desk_of("ben"), await desk_of("rita")
    path = await begun(ana, dearer("$35"))
    assert "Work it out" in (await rita.get(path)).text
    back = await ask(rita, office.ids[1], path[1:])
    assert back == f"{path}?book=operator"
    page = (await ben.get(back)).text
    for said in (
        "over the members of members.parquet",
        "2 of 2 members pay another amount",
        "2 pay more, at most $15.00",
        "0 pay less",
        "Patients $120.00 $140.00 +$20.00",
        "Plans $72.00 $52.00 -$20.00",
        "Written off by providers $128.00 $128.00 $0.00",
        f"hands copay-plan, 1 difference, before copay.yaml:{LINE} , after copay.yaml:{LINE} +$20.00 -$20.00 $0.00",
        "2 of 2 2 more, 0 less",
        "+$10.00 to +$24.99",
        "copay-plan 2 0 +$20.00 -$20.00",
        "m-1 copay-plan acupuncture: copay $30.00 → $35.00, plan pays $18.00 → $13.00 and 2 more",
        "$90.00 $105.00 +$15.00",
    ):
        assert said in page, (said, page)
    private = (await rita.get(back)).text
    assert "m-1" not in private
    assert "These are people: to see what they pay needs the role estimate besides." in private
    await ana.post(
        f"{path}/edit",
        {"proof": await ana.proof(), "revision": 2, "file": "copay.yaml", "do": "save", "text": dearer("$36")},
    )
    assert "Work it out" in (await ana.get(path)).text, "other files, another question"
    assert len(jobs.orders) == 1


async def test_the_figures_are_those_of_the_method(jobs: Jobs, desk_of: Desks, office: Office) -> None:
    """`AnalyzeImpact` over the same 2,000 members; the bars and those who pay the same are all who were compared.

    Each rule that differs leads to its line in the release before and in the draft.
    """
    ana = await desk_of("ana")
    path = await begun(ana, dearer("$35"))
    back = await ask(ana, office.ids[1], path[1:], book="invented-2000")
    page = await ana.get(back)
    (order,) = jobs.orders
    assert isinstance(order.book, SyntheticMembers)
    found = impact_on(order.book, order.before, order.after, WORST)
    assert f"{found.members.paying_more:,} pay more, at most {dollars(found.change.most_increase_cents)}" in page.text
    for name, each in (("Patients", found.total.patient), ("Plans", found.total.plan_paid)):
        assert f"{name} {dollars(each.before_cents)} {dollars(each.after_cents)}" in page.text
    counts = [int(each.replace(",", "")) for each in bars(page)]
    assert sum(counts) == found.members.paying_more + found.members.paying_less > 0
    assert sum(counts) + found.members.paying_the_same == found.members.compared == 2_000
    assert f"{found.members.paying_the_same:,} members pay the same." in page.text
    links = [each["href"] for tag, each in page.tags if tag == "a" and each.get("class") == "place"]
    before, after = f"/staff/releases/{office.ids[1]}/files/copay.yaml#L", f"/staff{path}/edit?file=copay.yaml&line="
    assert links == [f"{before}{LINE}", f"{after}{LINE}"] * 2, "what changes, and what it does to members"


def bars(page: Page) -> list[str]:
    """How many members each bar has."""
    begin = page.texts.index("Members by the change of their cost") + 3
    end = next(place for place, text in enumerate(page.texts) if text.endswith("members pay the same."))
    return page.texts[begin + 1 : end : 2]


def dollars(cents: int) -> str:
    """An amount as these pages have it."""
    return f"${cents / 100:,.2f}"


@pytest.mark.usefixtures("jobs")
async def test_a_roll_back_shows_money(desk_of: Desks, office: Office) -> None:
    """From a copay of 30.00 back to 20.00: four visits, 40.00 less."""
    ana = await desk_of("ana")
    back = await ask(ana, office.ids[1], office.ids[0], back="/releases/roll-back")
    assert back == "/releases/roll-back?book=operator"
    assert "Patients $120.00 $80.00 -$40.00" in (await ana.get(back)).text
    again = await ask(ana, office.ids[1], office.ids[2])
    assert again == f"/releases/{office.ids[2]}/activate?book=operator"
    assert "Patients $120.00 $160.00 +$40.00" in (await ana.get(again)).text


@pytest.mark.usefixtures("jobs")
async def test_money_stands_beside_the_rule_that_moves_it(desk_of: Desks, office: Office) -> None:
    """The copay stays, the maximum falls to 50.00: of the copays 30, 30, 30 the member of three visits pays 30, 20, 0.

    So 40.00 less by a benefit that does not differ itself. The new benefit has no line in the book.
    """
    ana = await desk_of("ana")
    reiki = "  calm: {therapies: [reiki], in_network: {member_pays: [{copay: $9 per visit}]}, cite: eoc p.2}\n"
    text = dearer("$30").replace("individual: $500.00", "individual: $50.00")
    path = await begun(ana, text.replace("benefits:\n", f"benefits:\n{reiki}"))
    shown = await ana.get(await ask(ana, office.ids[1], path[1:]))
    page, line = shown.text, text[: text.index("individual: $50.00")].count("\n") + 1
    shared = f"the plan itself: 1 difference, before copay.yaml:{line} , after copay.yaml:{line}"
    money = "-$40.00 +$40.00 $0.00 1 of 2 0 more, 1 less"
    assert f"hands copay-plan , touched by what it shares; {shared} {money}" in page
    assert "/staff/plans/copay-plan" in {each.get("href") for tag, each in shown.tags if tag == "a"}
    calm = text.replace("benefits:\n", f"benefits:\n{reiki}").splitlines().index(reiki.rstrip()) + 1
    assert f"calm copay-plan, 1 difference, after copay.yaml:{calm} no member of this book uses it" in page


@pytest.mark.usefixtures("jobs")
async def test_money_that_a_shared_document_moves_leads_to_it(desk_of: Desks, office: Office) -> None:
    """A code allowed at 28.00 in place of 48.00 lowers no copay of 30.00 but to 28.00: four visits, 8.00 less."""
    ana = await desk_of("ana")
    path = await begun(ana)
    text = FEES.replace('"97810": $48.00', '"97810": $28.00')
    assert (await ana.post(f"{path}/edit", await fields(ana, "save", text, file="fees.yaml"))).status_code == 303
    page = (await ana.get(await ask(ana, office.ids[1], path[1:]))).text
    line = FEES[: FEES.index('"97810"')].count("\n") + 1
    shared = f"fees fees: 1 difference, before fees.yaml:{line} , after fees.yaml:{line}"
    assert f"hands copay-plan , touched by what it shares; {shared} -$8.00 -$72.00 +$80.00" in page


async def test_how_far_it_is_and_its_end(jobs: Jobs, desk_of: Desks, office: Office) -> None:
    """The link and the events say the same; it can be stopped, and begun again."""
    jobs.waits = True
    ana = await desk_of("ana")
    path = await ask(ana, office.ids[1], office.ids[0], back="/releases/roll-back", book="invented-2000")
    (order,) = jobs.orders
    page = await ana.get(path)
    assert "See how far it is now" in page.text
    jobs.files.write(order.key, ImpactState(JobState.RUNNING, 1_500, 2_000))
    assert "1,500 of 2,000 members are priced." in (await ana.get(path)).text
    jobs.files.write(order.key, ImpactState(JobState.FAILED, said="the book cannot be read"))
    assert "It was not worked out: the book cannot be read." in (await ana.get(path)).text
    events = (await ana.client.get(f"/staff/impacts/{order.key}/events")).text
    assert json.loads(events.rpartition("data: ")[2])["live"] is False
    await ask(ana, office.ids[1], office.ids[0], back="/releases/roll-back", book="invented-2000", do="cancel")
    assert "It was stopped." in (await ana.get(path)).text


async def test_what_is_no_job_is_refused(jobs: Jobs, desk_of: Desks, office: Office) -> None:
    rita = await desk_of("rita")
    proof = await rita.proof()
    for before, after in (("x", office.ids[0]), (office.ids[0], "../x"), (office.ids[0], "drafts/0123456789abcdef")):
        answer = await rita.post("/impacts", {"proof": proof, "before": before, "after": after, "do": "begin"})
        assert answer.status_code == 404, answer.text
    assert not jobs.orders
    for key in ("x", "0" * 63, "G" * 64):
        await rita.get(f"/impacts/{key}/events", 404)
    assert (await rita.post("/impacts", {"before": office.ids[0], "after": office.ids[1]})).status_code == 403


async def test_the_books_are_named_with_size_time_and_digest(jobs: Jobs, desk_of: Desks) -> None:
    """The file's members, bytes and SHA-256; no path. A file that is no book says why."""
    assert jobs.book is not None
    os.utime(jobs.book, (1_767_225_600, 1_767_225_600))  # 2026-01-01 00:00 UTC
    content = jobs.book.read_bytes()
    rita = await desk_of("rita")
    page = await rita.get("/books")
    told = f"2 the operator ( --impact-book ) 2026-01-01 00:00 UTC {len(content):,} bytes"
    assert f"the members of members.parquet {told} {hashlib.sha256(content).hexdigest()}" in page.text
    assert "20,000 invented members 20,000 this service" in page.text
    assert str(jobs.book.parent) not in page.text
    for wrong, said in ((b"PAR1", "it is no book of members"), (None, "unknown column 'x'")):
        if wrong is None:
            pq.write_table(pa.table({"plan_id": ["a"], "items": [[]], "x": [1]}), jobs.book)
        else:
            jobs.book.write_bytes(wrong)
        assert said in (await rita.get("/books")).text
    jobs.book.unlink()
    assert "members.parquet" not in (await rita.get("/books")).text


async def test_without_the_extra_there_is_no_card(desk_of: Desks, office: Office) -> None:
    ana = await desk_of("ana")
    assert "This service works no impacts out" in (await ana.get("/books")).text
    assert "members and money" not in (await ana.get("/releases/roll-back")).text
    sent = {"proof": await ana.proof(), "before": office.ids[0], "after": office.ids[1]}
    assert (await ana.post("/impacts", sent)).status_code == 404
