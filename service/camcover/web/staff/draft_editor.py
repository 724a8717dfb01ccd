"""S4, a file of a draft: checked, completed and saved by the server, with what it found and how to mend it.

Without script the text stands in a plain field; with script an editor in its place asks while somebody types.

What is typed is never lost: where a save is refused since somebody else saved, the page has the text still.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from camcover.rulebook import Diagnostic, Severity
from camcover.rulebook.extents import mended
from camcover.web.rendering import template
from camcover.web.staff.drafts_page import DraftAtHand, draft_at_hand, draft_id, revision
from camcover.web.staff.frame import framed, led_to
from camcover.web.staff.visits import StaffPage, Visit, whole_number
from camcover.workflow import drafting
from camcover.workflow.completing import completions
from camcover.workflow.decision_at_cursor import Typed, diagnosed_at
from camcover.workflow.draft_checks import check_draft, plans_in
from camcover.workflow.draft_texts import checked_files
from camcover.workflow.drafting import DraftSave, drafts_of
from camcover.workflow.errors import DraftChanged
from camcover.workflow.roles import Role

__all__ = ["PAGES"]

_LONGEST_NAME, _LONGEST_NUMBER = 512, 9
_MOST_BYTES = 4 << 20
"""Of the form: a file of a mebibyte, each of its bytes written as three."""


async def _show(visit: Visit) -> Response:
    """A file as it is in the draft; without a name the list of files."""
    found = await visit.site.look(draft_at_hand, visit)
    name = visit.asked("file", _LONGEST_NAME)
    body = found.whole.files.get(name)
    if name and body is None:
        checked_files({name: None})
    text = (body or b"").decode(errors="replace")
    return await _page(visit, found, name, text)


async def _page(
    visit: Visit, found: DraftAtHand, name: str, text: str, *, fault: str = "", status: int = 200
) -> Response:
    """The page with a text that need not be saved, what the check finds in it, and the decision at a line."""
    line = whole_number(visit.sent("line", _LONGEST_NUMBER) or visit.asked("line", _LONGEST_NUMBER)) or 0
    unsaved = {name: _bytes(text, found.whole.files.get(name))} if name else {}
    after = {**found.whole.files, **unsaved}
    check = await visit.site.work(check_draft, found.base, after, is_whole=False) if name else None
    findings = check.validation.diagnostics if check else ()
    decision = None
    if name and line:
        _, decision = await visit.site.work(diagnosed_at, found.base, after, Typed(name, text, line))
    return framed(
        visit,
        "draft_edit.html",
        name or found.view.draft.title,
        status=status,
        nonce=secrets.token_urlsafe(16) if name else "",
        found=found.view,
        name=name,
        text=text,
        names=sorted(found.whole.files),
        plan=next(iter(plans_in({each: body for each, body in found.whole.files.items() if each == name})), ""),
        is_saved=found.whole.files.get(name) == unsaved.get(name),
        check=check,
        here_findings=[each for each in findings if each.at.file == name],
        other_findings=[each for each in findings if each.at.file != name],
        line=line,
        decision=decision,
        decision_fault=_no_decision(findings),
        fault=fault,
    )


async def _do(visit: Visit) -> Response:
    """Check, mend, save or remove a file."""
    name, do = visit.sent("file", _LONGEST_NAME), visit.sent("do")
    checked_files({name: None})
    text = (visit.form.get("text") or ("",))[0].replace("\r\n", "\n")
    found = await visit.site.look(draft_at_hand, visit)
    if do == "mend":
        text = await _mended(visit, found, name, text)
    if do not in ("save", "remove"):
        return await _page(visit, found, name, text)
    changed: Mapping[str, bytes | None] = {name: None if do == "remove" else _bytes(text, found.whole.files.get(name))}
    save = DraftSave(visit.person.subject, revision(visit), changed)
    try:
        await visit.site.look(drafting.save_draft, drafts_of(visit.site.releases), draft_id(visit), save)
    except DraftChanged as error:
        said = f"Not saved: {error}. Your text stands below; the page now begins from the newest revision."
        return await _page(visit, found, name, text, fault=said, status=409)
    return led_to(f"/{draft_id(visit)}" if do == "remove" else f"/{draft_id(visit)}/edit?file={name}")


async def _mended(visit: Visit, found: DraftAtHand, name: str, text: str) -> str:
    """A text with the corrections that need no thought."""
    after = {**found.whole.files, name: text.encode()}
    check = await visit.site.work(check_draft, found.base, after, is_whole=False)
    return mended(text, [each for each in check.validation.diagnostics if each.at.file == name])


async def _diagnosed(visit: Visit) -> Response:
    """What is wrong with a text that is being typed, and what it decides at the cursor, as the editor reads it."""
    found, name, after = await _typed(visit)
    line = whole_number(visit.sent("line", _LONGEST_NUMBER)) or 0
    told, decision = await visit.site.work(diagnosed_at, found.base, after, Typed(name, after[name].decode(), line))
    here = [each for each in told if each.at.file == name]
    others = len(told) - len(here)
    said = f"{len(here)} finding{'' if len(here) == 1 else 's'} in this file"
    elsewhere = f"{others} finding{'' if others == 1 else 's'} in other files: Check shows them." if others else ""
    at_cursor = template("staff/_cursor.html").module.at_cursor(decision, _no_decision(told))  # type: ignore[attr-defined]
    edits = [_finding(each) for each in here]
    return _json({"said": said, "elsewhere": elsewhere, "here": edits, "decision": str(at_cursor)})


async def _completed(visit: Visit) -> Response:
    """What may stand at a place of a text that is being typed."""
    found, name, after = await _typed(visit)
    line, column = (whole_number(visit.sent(each, _LONGEST_NUMBER)) or 0 for each in ("line", "column"))
    told = await visit.site.look(completions, found.whole.files, after[name].decode(), line, column)
    return _json({"options": [each._asdict() for each in told]})


async def _typed(visit: Visit) -> tuple[DraftAtHand, str, dict[str, bytes]]:
    """The draft, the name of the file, and all files with what is being typed."""
    name = visit.sent("file", _LONGEST_NAME)
    checked_files({name: None})
    found = await visit.site.look(draft_at_hand, visit)
    text = (visit.form.get("text") or ("",))[0]
    return found, name, {**found.whole.files, name: text.replace("\r\n", "\n").encode()}


def _no_decision(findings: Sequence[Diagnostic]) -> str:
    """Why there is no decision where there is none."""
    if any(each.severity is Severity.ERROR for each in findings):
        return "It shows once the errors are corrected."
    return "No benefit and no exclusion of a plan stands in this line."


def _finding(each: Diagnostic) -> dict[str, Any]:
    end_line, end_column = each.ends_at
    place = {"line": each.at.line, "column": each.at.column, "end_line": end_line, "end_column": end_column}
    edits = [edit._asdict() for edit in each.edits]
    return place | {"severity": str(each.severity), "code": each.code, "message": each.sentence, "edits": edits}


def _json(data: Mapping[str, Sequence[Any] | str]) -> Response:
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    return JSONResponse(data, headers=headers)


def _bytes(text: str, before: bytes | None) -> bytes:
    """A text as it is kept: with the line ends that the file had; browsers send their own."""
    plain = text.replace("\r\n", "\n")
    return (plain.replace("\n", "\r\n") if before is not None and b"\r\n" in before else plain).encode()


PAGES = (
    StaffPage("/drafts/{draft}/edit", _show, _do, most_bytes=_MOST_BYTES),
    StaffPage("/drafts/{draft}/check", None, _diagnosed, Role.RULES_READ, _MOST_BYTES),
    StaffPage("/drafts/{draft}/complete", None, _completed, Role.RULES_READ, _MOST_BYTES),
)
