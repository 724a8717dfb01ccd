"""S7, releases: which answered when, by whom and why; the files of one, what differs between two, and the way back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from starlette.responses import Response

from camcover.web.staff.differences import differences_of
from camcover.web.staff.frame import framed, led_to
from camcover.web.staff.impact_part import ImpactSides, impact_card
from camcover.web.staff.visits import LONGEST_REASON, SAY_WHY, StaffPage, Visit
from camcover.workflow.activation import Decision, activate, roll_back
from camcover.workflow.errors import ActiveReleaseChanged, NothingToReturnTo
from camcover.workflow.people import is_same_person
from camcover.workflow.release_history import (
    files_of_release,
    release_at_hand,
    releases_page,
)

__all__ = ["PAGES"]

_MOST_LISTED, _MOST_DECISIONS = 25, 50
_RETURN = "/releases/roll-back"
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
"""Of every file in an archive, so that the same release is the same bytes."""


async def _list(visit: Visit) -> Response:
    """All releases, and all decisions."""
    words, before = visit.asked("find"), visit.asked("before")
    found = await visit.site.read(releases_page, _MOST_LISTED, before, words)
    return framed(
        visit,
        "releases.html",
        "Releases",
        releases=found.releases,
        more=found.more,
        words=words,
        most_decisions=_MOST_DECISIONS,
    )


async def _one(visit: Visit) -> Response:
    """One release."""
    found = await visit.site.read(release_at_hand, visit.path["release"])
    return framed(visit, "release.html", f"Release {found.release.id}", found=found)


async def _file(visit: Visit) -> Response:
    """One file of a release, with the numbers of its lines."""
    files, name = await visit.site.read(files_of_release, visit.path["release"]), visit.path["name"]
    if name not in files:
        return framed(visit, "refused.html", "No such file", status=404, said="This release has no such file.")
    lines = files[name].decode(errors="replace").splitlines()
    return framed(visit, "release_file.html", name, release=visit.path["release"], name=name, lines=lines)


async def _archive(visit: Visit) -> Response:
    """All files of a release as one archive."""
    body = await visit.site.look(_packed, await visit.site.read(files_of_release, visit.path["release"]))
    headers = {
        "content-disposition": f'attachment; filename="{visit.path["release"]}.zip"',
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    return Response(body, media_type="application/zip", headers=headers)


def _packed(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), body, zipfile.ZIP_DEFLATED)
    return out.getvalue()


async def _compared(visit: Visit) -> Response:
    """What differs between two releases."""
    before, after = visit.asked("before"), visit.asked("after")
    known = (await visit.site.read(releases_page, _MOST_LISTED)).releases
    found = await differences_of(visit.site, before, after) if before and after else None
    return framed(visit, "compare.html", "Compare two releases", known=known, before=before, after=after, found=found)


async def _before_activation(visit: Visit, fault: str = "") -> Response:
    """What would change if a release became active, and the form that makes it so."""
    active, wanted = visit.history.active, visit.path["release"]
    found = await visit.site.read(release_at_hand, wanted)
    differs = await differences_of(visit.site, active, wanted) if active and active != wanted else None
    back = f"/releases/{wanted}/activate"
    card = await impact_card(visit, ImpactSides(differs.before, wanted, wanted), differs, back) if differs else None
    is_own = found.needs_other and is_same_person(found.release.author, visit.person.subject)
    return framed(
        visit,
        "activate.html",
        "Put a release live",
        status=400 if fault else 200,
        wanted=wanted,
        release=found.release,
        differs=differs,
        impact=card,
        is_own=is_own,
        fault=fault,
        longest=LONGEST_REASON,
        reason=visit.sent("reason"),
    )


async def _activate(visit: Visit) -> Response:
    """Make a release the active one."""
    if not visit.sent("reason"):
        return await _before_activation(visit, SAY_WHY)
    wanted = visit.path["release"]
    decision = await _allowed(visit, wanted)
    await visit.site.look(activate, visit.site.releases, wanted, decision)
    return led_to("/releases")


async def _before_return(visit: Visit, fault: str = "") -> Response:
    """What a roll-back would change, and the form that makes it so."""
    active, wanted = visit.history.active, visit.history.returns_to
    differs = await differences_of(visit.site, active, wanted) if active and wanted else None
    sides = ImpactSides(active or "", wanted or "", wanted or "")
    card = await impact_card(visit, sides, differs, _RETURN) if differs else None
    return framed(
        visit,
        "roll_back.html",
        "Roll back",
        status=400 if fault else 200,
        wanted=wanted,
        differs=differs,
        impact=card,
        fault=fault,
        longest=LONGEST_REASON,
        reason=visit.sent("reason"),
    )


async def _return(visit: Visit) -> Response:
    """Return to the release that was active before."""
    if not visit.sent("reason"):
        return await _before_return(visit, SAY_WHY)
    wanted = visit.history.returns_to
    if wanted is None:
        raise NothingToReturnTo
    if visit.sent("wanted") != wanted:
        raise ActiveReleaseChanged(visit.sent("expected", 64), visit.history.active)
    decision = await _allowed(visit, wanted)
    await visit.site.look(roll_back, visit.site.releases, decision)
    return led_to("/releases")


async def _allowed(visit: Visit, wanted: str) -> Decision:
    """The decision of a form, bound to the active release whose differences were looked at.

    Raises `PayerNotAllowed` where the person may change the rules of some payers alone, and this changes others.
    """
    expected = visit.sent("expected", 64) or None
    if expected is None and visit.history.active is not None:
        raise ActiveReleaseChanged("none", visit.history.active)
    if visit.person.payers is not None:
        await visit.check_payers((await visit.site.read(release_at_hand, wanted)).files)
    return Decision(visit.person.subject, visit.sent("reason", LONGEST_REASON), expected)


PAGES = (
    StaffPage("/releases", _list),
    StaffPage("/releases/compare", _compared),
    StaffPage(_RETURN, _before_return, _return),
    StaffPage("/releases/{release}", _one),
    StaffPage("/releases/{release}/files.zip", _archive),
    StaffPage("/releases/{release}/files/{name:path}", _file),
    StaffPage("/releases/{release}/activate", _before_activation, _activate),
)
