"""S4, S6 and S8: a draft is written, looked at by another person, published and called off, without script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from camcover.store import AuditLog, Ledger
from camcover.workflow import drafting
from camcover.workflow.drafting import DraftSave, drafts_of
from camcover.workflow.staff_sessions import SESSION_HOURS
from small_rules import COPAY_PLAN
from web.reading import Page, read
from web_staff.conftest import Desk, Office

Desks = Callable[..., Any]

THIRTY = COPAY_PLAN.replace("copay: $20", "copay: $30")
"""The copay plan of the release that answers."""


def dearer(copay: str) -> str:
    """That plan with another copay."""
    return COPAY_PLAN.replace("copay: $20", f"copay: {copay}")


async def begun(desk: Desk, text: str = "") -> str:
    """The path of a new draft, with the copay plan as `text`."""
    sent = {"proof": await desk.proof(), "title": "A copay of 35"}
    answer = await desk.post("/drafts", sent)
    assert answer.status_code == 303, answer.text
    path = answer.headers["location"].removeprefix("/staff")
    if text:
        saved = await desk.post(f"{path}/edit", await fields(desk, "save", text))
        assert saved.status_code == 303, saved.text
    return path


async def fields(desk: Desk, do: str, text: str, revision: int = 1, file: str = "copay.yaml") -> dict[str, Any]:
    """What the form of the editor sends; browsers end lines with two characters."""
    plain = text.replace("\n", "\r\n")
    return {"proof": await desk.proof(), "revision": revision, "file": file, "do": do, "text": plain}


async def step(desk: Desk, path: str, do: str, status: int = 303, **others: Any) -> Page | None:
    """Take a step; gives the page where it is refused."""
    answer = await desk.post(path, {"proof": await desk.proof(), "do": do, "revision": 2} | others)
    assert answer.status_code == status, answer.text
    return None if status == 303 else read(answer.text)


async def test_two_people_bring_a_change_live(desk_of: Desks, office: Office) -> None:
    """The release that answers has a copay of 30.00, the draft one of 35.00."""
    ana, ben, rita = await desk_of("ana"), await desk_of("ben"), await desk_of("rita")
    path = await begun(ana, dearer("$35"))
    page = await ana.get(path)
    for said in ("open", "revision 2", "1 difference in what the rules say", "30.00", "35.00", "copay: $35"):
        assert said in page.text
    assert "Propose" in page.text
    await step(ana, path, "comment", text="As the payer's letter says.")
    await step(ana, path, "propose", text="")
    assert "You wrote files of this draft. Another person must approve it." in (await ana.get(path)).text
    own = await step(ana, path, "approve", 403)
    assert own is not None
    assert "another person must approve it" in own.text
    looked = await rita.get(path)
    assert "As the payer's letter says." in looked.text
    assert not looked.fields("do")
    await step(rita, path, "approve", 403)
    await step(ben, path, "approve", text="Right.")
    assert "Approved by ben" in (await ana.get(path)).text
    await step(ana, path, "publish", 400, text="")
    await step(ana, path, "publish", text="as agreed")
    assert office.releases.files(office.active() or "")["copay.yaml"].decode() == dearer("$35")
    told = (await rita.get("/drafts")).text
    assert "A copay of 35 published" in told
    acts = [each.action for each in AuditLog(office.database).entries()][-7:]
    assert acts == [
        "draft-save",
        "draft-comment",
        "draft-propose",
        "draft-approve",
        "publish",
        "activate",
        "draft-publish",
    ]


async def test_the_editor_says_what_is_wrong_and_mends_it(desk_of: Desks) -> None:
    ana = await desk_of("ana")
    path = await begun(ana)
    wrong = THIRTY.replace("[acupuncture, massage]", "[acupunture, massage]")
    checked = await ana.post(f"{path}/edit", await fields(ana, "check", wrong))
    page = read(checked.text)
    assert "1 finding in this file" in page.text
    assert (
        "line 16, column 17: there is no therapy 'acupunture' in the catalog; did you mean 'acupuncture'?" in page.text
    )
    assert "write acupuncture" in page.text
    assert "not saved" in page.text
    assert "Tests wait for the errors." in page.text
    mended = read((await ana.post(f"{path}/edit", await fields(ana, "mend", wrong))).text)
    assert "no therapy" not in mended.text
    assert "not saved" not in mended.text, "it is as it was"
    assert "therapies: [acupuncture, massage]" in mended.text


async def test_what_is_typed_is_checked_and_completed(desk_of: Desks, office: Office) -> None:
    """As the editor asks: the finding with its end and its edit, what fits at a place, and nothing saved."""
    ana, rita = await desk_of("ana"), await desk_of("rita")
    path = await begun(ana)
    wrong = THIRTY.replace("[acupuncture, massage]", "[acupunture, massage]")
    sent = {"proof": await rita.proof(), "file": "copay.yaml", "text": wrong}
    told = (await rita.post(f"{path}/check", sent)).json()
    assert (told["said"], told["elsewhere"]) == ("1 finding in this file", "")
    (finding,) = told["here"]
    assert [finding[each] for each in ("line", "column", "end_line", "end_column")] == [16, 17, 16, 27]
    place = {"line": 16, "column": 17, "end_line": 16, "end_column": 27}
    assert finding["edits"] == [place | {"text": "acupuncture"}]
    options = (await rita.post(f"{path}/complete", sent | {"line": "16", "column": "17"})).json()["options"]
    assert {each["text"] for each in options} == {"acupuncture", "massage", "reiki"}
    gone = (await rita.post(f"{path}/check", sent | {"file": "catalog.yaml", "text": "kind: catalog\n"})).json()
    assert "in other files: Check shows them." in gone["elsewhere"] or gone["here"]
    for other in ({"file": "../x.yaml"}, {"file": ""}):
        assert (await rita.post(f"{path}/check", sent | other)).status_code == 400
    assert (await rita.post(f"{path}/complete", sent | {"line": "x" * 99})).json() == {"options": []}
    assert (await rita.post(f"{path}/check", {"file": "copay.yaml"})).status_code == 403
    assert drafting.draft_view(drafts_of(office.releases), path[1:])[1] == {}


async def test_the_decision_in_a_line_is_shown(desk_of: Desks) -> None:
    """Without script at "Check" and by the address; with script as a part of the page, escaped."""
    ana = await desk_of("ana")
    path = await begun(ana)
    line = THIRTY.splitlines().index("  hands:") + 1
    checked = await ana.post(f"{path}/edit", await fields(ana, "check", THIRTY) | {"line": str(line)})
    page = read(checked.text)
    assert f"Decision in line {line}" in page.text
    assert "benefit hands of Copay Plan, 2026 in network: $30.00 copay per visit needs a referral" in page.text
    assert "covered by hands acupuncture: every line covered by hands massage: every line" in page.text
    assert page.of("cursor") == (await ana.get(f"{path}/edit?file=copay.yaml&line={line}")).of("cursor")
    asked = await ana.get(f"{path}/edit?file=copay.yaml&line=2")
    assert "No benefit and no exclusion of a plan stands in this line." in asked.text
    assert (
        "Name a line of a benefit or an exclusion, and check." in (await ana.get(f"{path}/edit?file=copay.yaml")).text
    )
    wrong = THIRTY.replace("[acupuncture, massage]", "[acupunture]")
    faulty = await ana.post(f"{path}/edit", await fields(ana, "check", wrong) | {"line": str(line)})
    assert "It shows once the errors are corrected." in read(faulty.text).text
    for odd in ("x", "-1", "9" * 30):
        assert "Decision" in (await ana.get(f"{path}/edit?file=copay.yaml&line={odd}")).text
    sent = {"proof": await ana.proof(), "file": "copay.yaml", "text": THIRTY.replace("Copay Plan", "<b>Plan</b>")}
    part = (await ana.post(f"{path}/check", sent | {"line": str(line)})).json()["decision"]
    assert "&lt;b&gt;Plan&lt;/b&gt;" in part
    assert "covered by hands" in part


async def test_two_browsers_edit_one_draft(desk_of: Desks, office: Office) -> None:
    """The second save is told, its text stands on the page, and a further one goes through."""
    ana, ben = await desk_of("ana"), await desk_of("ben")
    path = await begun(ana, dearer("$35"))
    late = await ben.post(f"{path}/edit", await fields(ben, "save", dearer("$36"), revision=1))
    assert late.status_code == 409
    page = read(late.text)
    assert "found revision 2, saved by ana" in page.text
    assert "copay: $36" in page.text
    assert page.fields("revision")[0]["value"] == "2"
    assert (await ben.post(f"{path}/edit", await fields(ben, "save", dearer("$36"), revision=2))).status_code == 303
    _, files = drafting.draft_view(drafts_of(office.releases), path[1:])
    assert (files["copay.yaml"] or b"").decode() == dearer("$36")


async def test_what_was_typed_outlives_the_session(desk_of: Desks, office: Office) -> None:
    """Nothing is saved after its end, nor by the page that comes then, nor by the one after the new sign-in."""
    ana = await desk_of("ana")
    path = await begun(ana)
    typed = dearer("$37") + "# <b>\n"
    sent = await fields(ana, "save", typed)
    office.clock += timedelta(hours=SESSION_HOURS)
    over = await ana.post(f"{path}/edit", sent)
    assert over.status_code == 401
    kept = hidden(read(over.text))
    assert kept == {name: text for name, text in sent.items() if name != "proof"} | {"revision": "1"}
    still = await ana.post(f"{path}/edit", kept | {"after-sign-in": "yes"})
    assert (still.status_code, hidden(read(still.text))) == (401, kept)
    await ana.sign_in("ana")
    assert (await ana.post(f"{path}/edit", kept)).status_code == 403
    again = await ana.post(f"{path}/edit", kept | {"after-sign-in": "yes"})
    page = read(again.text)
    assert "You are signed in as ana . What you sent before has not been done yet." in page.text
    store = drafts_of(office.releases)
    assert drafting.draft_view(store, path[1:])[1] == {}
    assert (await ana.post(f"{path}/edit", hidden(page))).status_code == 303
    assert drafting.draft_view(store, path[1:])[1] == {"copay.yaml": typed.encode()}
    office.clock += timedelta(hours=SESSION_HOURS)
    large = await ana.post(f"{path}/edit", kept | {"text": "x" * 300_000})
    assert large.headers["location"] == f"/staff/sign-in?to=/staff{path}/edit"


def hidden(page: Page) -> dict[str, str]:
    """The hidden fields of the last form of a page."""
    return {
        each["name"]: each["value"]
        for tag, each in page.tags
        if tag == "input" and each.get("type") == "hidden" and each["name"] != "to"
    }


async def test_files_are_made_removed_and_named_by_their_form(desk_of: Desks, office: Office) -> None:
    ana = await desk_of("ana")
    path = await begun(ana)
    assert (await ana.post(f"{path}/edit", await fields(ana, "remove", "", file="share.yaml"))).status_code == 303
    made = await fields(ana, "save", "kind: plan\n", revision=2, file="payers/new.yaml")
    assert (await ana.post(f"{path}/edit", made)).status_code == 303
    _, files = drafting.draft_view(drafts_of(office.releases), path[1:])
    assert files == {"payers/new.yaml": b"kind: plan\n", "share.yaml": None}
    page = await ana.get(path)
    assert "The files have errors; what they change shows once these are corrected." in page.text
    for name in ("../x.yaml", "/etc/passwd", "a.sh"):
        assert (await ana.get(f"{path}/edit?file={name}", 400)).text
        assert (await ana.post(f"{path}/edit", await fields(ana, "save", "x", file=name))).status_code == 400
    errors = await step(ana, path, "propose", 400, revision=3)
    assert errors is not None
    assert "payers/new.yaml" in errors.text


async def test_line_ends_of_a_file_stay(desk_of: Desks, office: Office) -> None:
    ana = await desk_of("ana")
    path = await begun(ana)
    store, body = drafts_of(office.releases), dearer("$35").replace("\n", "\r\n").encode()
    drafting.save_draft(store, path[1:], DraftSave("ana", 1, {"copay.yaml": body}))
    await ana.post(f"{path}/edit", await fields(ana, "save", dearer("$36"), revision=2))
    assert drafting.draft_view(store, path[1:])[1]["copay.yaml"] == body.replace(b"$35", b"$36")


async def test_a_scheduled_draft_is_called_off(desk_of: Desks, office: Office) -> None:
    ana, ben, pam = await desk_of("ana"), await desk_of("ben"), await desk_of("pam")
    path = await begun(ana, dearer("$35"))
    await step(ana, path, "propose")
    await step(ben, path, "approve")
    assert (await step(ana, path, "publish", 400, text="x", at="tomorrow")) is not None
    at = datetime.now(UTC) + timedelta(days=2)
    await step(ana, path, "publish", text="as agreed", at=f"{at:%Y-%m-%dT%H:%M}")
    page = await ben.get("/schedule")
    assert f"{at:%Y-%m-%d %H:%M} UTC" in page.text
    assert f"Only in place of {office.ids[1]}" in page.text
    number = page.fields("number")[0]["value"]
    sent = {"proof": await ben.proof(), "number": number}
    silent = await ben.post("/schedule", sent)
    assert (silent.status_code, "Say why: the audit log keeps it." in read(silent.text).text) == (400, True)
    for other in ("", "x", "99"):
        assert (await ben.post("/schedule", sent | {"number": other, "reason": "x"})).status_code == 404
    limited = {"proof": await pam.proof(), "number": number, "reason": "x"}
    assert (await pam.post("/schedule", limited)).status_code == 403
    assert (await ben.post("/schedule", sent | {"reason": "not yet"})).status_code == 303
    assert "Nothing is scheduled." in (await ben.get("/schedule")).text
    assert "approved" in (await ana.get(path)).text


async def test_a_draft_is_called_off_until_the_second_before(desk_of: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    """At its time it is active: then the form is refused, and a roll-back is the way."""
    ana, ben = await desk_of("ana"), await desk_of("ben")
    at = (datetime.now(UTC) + timedelta(days=1)).replace(second=0, microsecond=0)
    path = await begun(ana, dearer("$35"))
    await step(ana, path, "propose")
    await step(ben, path, "approve")
    await step(ana, path, "publish", text="as agreed", at=f"{at:%Y-%m-%dT%H:%M}")
    number = (await ben.get("/schedule")).fields("number")[0]["value"]
    sent = {"proof": await ben.proof(), "number": number, "reason": "not yet"}
    for later, status in ((0, 400), (-1, 303)):
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "now", lambda _, when=at + timedelta(seconds=later): when)
            answer = await ben.post("/schedule", sent)
        assert answer.status_code == status, answer.text


async def test_a_moved_base_is_told_and_taken_over(desk_of: Desks, office: Office) -> None:
    """The third release has another copay as well: the file has to be saved again; a draft of another file need not."""
    ana = await desk_of("ana")
    path, other = await begun(ana, dearer("$35")), await begun(ana)
    office.put_live(office.ids[2])
    assert "base moved" in (await ana.get(path)).text
    conflict = await step(ana, path, "rebase", 400)
    assert conflict is not None
    assert "copay.yaml; send these files" in conflict.text
    await step(ana, other, "rebase", revision=1)
    assert "base moved" not in (await ana.get(other)).text


async def test_what_had_no_effect_is_named_so(desk_of: Desks, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scheduled on the second release; the third is active at that time."""
    ana, ben = await desk_of("ana"), await desk_of("ben")
    path = await begun(ana, dearer("$35"))
    await step(ana, path, "propose")
    await step(ben, path, "approve")
    at = datetime.now(UTC) + timedelta(days=1)
    await step(ana, path, "publish", text="as agreed", at=f"{at:%Y-%m-%dT%H:%M}")
    office.put_live(office.ids[2])
    monkeypatch.setattr(Ledger, "now", lambda _: at + timedelta(hours=1))
    assert "without effect" in (await ana.get("/releases")).text
    page = await ana.get(path)
    assert f"{office.ids[2]} was in force, not {office.ids[1]}" in page.text
    assert "sent back" in page.text
    monkeypatch.undo()


async def test_what_a_person_may_not_do_is_refused(desk_of: Desks) -> None:
    """Pam changes the rules of another payer alone; rita only looks."""
    ana, pam, rita = await desk_of("ana"), await desk_of("pam"), await desk_of("rita")
    path = await begun(ana, dearer("$35"))
    refused = await step(pam, path, "propose", 403)
    assert refused is not None
    assert "would also change the rules of example" in refused.text
    assert (await rita.post("/drafts", {"proof": await rita.proof(), "title": "x"})).status_code == 403
    assert (await rita.post(f"{path}/edit", await fields(rita, "save", "x", 2))).status_code == 403
    assert "Begin a draft" not in (await rita.get("/drafts")).text
    assert "You may look, and not write" in (await rita.get(f"{path}/edit?file=copay.yaml")).text
    without = await ana.post(path, {"do": "withdraw", "text": "x"})
    assert without.status_code == 403


@pytest.mark.parametrize("do", ["", "delete"])
async def test_no_other_step_is_taken(desk_of: Desks, do: str) -> None:
    ana = await desk_of("ana")
    page = await step(ana, await begun(ana), do, 400, revision=1)
    assert page is not None
    assert "expected one of comment, rebase, propose, approve" in page.text


async def test_words_are_asked_for_and_shown_as_text(desk_of: Desks) -> None:
    ana = await desk_of("ana")
    empty = await ana.post("/drafts", {"proof": await ana.proof(), "title": " "})
    assert (empty.status_code, "Say what the change is about." in read(empty.text).text) == (400, True)
    path = await begun(ana)
    await step(ana, path, "comment", revision=1, text="<script>alert(1)</script>")
    assert "<script>alert(1)</script>" in (await ana.get(path)).text
    await step(ana, path, "comment", revision=1, text="Two lines,\r\nas browsers send them.")
    assert "Two lines, as browsers send them." in (await ana.get(path)).text
    assert (await step(ana, path, "withdraw", 400, revision=1)) is not None
    await step(ana, path, "withdraw", revision=1, text="Not needed.")
    assert "Withdrawn: Not needed." in (await ana.get(path)).text
    await ana.get("/drafts/0123456789abcdef", 404)
    await ana.get("/drafts/x", 404)
