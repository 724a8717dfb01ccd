"""The refusals of use cases; each class names its kind of refusal, which has the gRPC status (`camcover.refusals`).

A request that cannot be priced is `engine.InvalidRequest`; each of its violations has a kind.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from camcover.errors import CamcoverError
from camcover.refusals import Refusal
from camcover.rulebook import suggested


class UseCaseError(CamcoverError):
    """The root of all refusals: the kind, which has the status, and the field of the request that it is about."""

    refusal: Refusal
    field = ""


class NoActiveRelease(UseCaseError):
    """No rules are active yet."""

    refusal = Refusal.NO_ACTIVE_RELEASE

    def __init__(self) -> None:
        """Say so."""
        super().__init__("no release of the rules is active; publish one and activate it")


class NamedError(UseCaseError):
    """Something that was asked for by id does not exist; `nearest` are ids that do."""

    def __init__(self, name: str, nearest: tuple[str, ...] = ()) -> None:
        """Name what is missing."""
        super().__init__(f"no {self.refusal.thing} {name!r}{suggested(nearest)}")
        self.name = name
        self.nearest = nearest


class UnknownRelease(NamedError):
    """The release a request pins is not there."""

    refusal = Refusal.UNKNOWN_RULE_RELEASE
    field = "rule_release"


class UnknownPlan(NamedError):
    """There is no such payer plan."""

    refusal = Refusal.UNKNOWN_PLAN
    field = "plan_id"


class UnknownEstimate(NamedError):
    """There is no stored estimate of that name."""

    refusal = Refusal.UNKNOWN_ESTIMATE
    field = "name"


class RequestIdReused(UseCaseError):
    """A request id came again with other content."""

    refusal = Refusal.REQUEST_ID_REUSED
    field = "request_id"

    def __init__(self, request_id: str) -> None:
        """Name the id."""
        super().__init__(f"request_id {request_id!r} was used before with other content; use a new id")
        self.request_id = request_id


class UnknownActivation(NamedError):
    """There is no decision of that number."""

    refusal = Refusal.UNKNOWN_ACTIVATION
    field = "cancel_number"


class EstimateNotKept(UseCaseError):
    """An estimate was kept as hashes only, or this version computes another."""

    refusal = Refusal.ESTIMATE_NOT_KEPT


class EstimateDiffers(EstimateNotKept):
    """This version computes another result than the one that was answered."""

    def __init__(self, message: str, *, same_figures: bool) -> None:
        """`same_figures`: only words differ."""
        super().__init__(message)
        self.same_figures = same_figures


class EstimateErased(UseCaseError):
    """An estimate was erased, as a person may ask; nothing of what it said is left."""

    refusal = Refusal.ESTIMATE_ERASED
    field = "name"

    def __init__(self, name: str, when: datetime) -> None:
        """Say when."""
        super().__init__(f"{name} was erased on {moment(when)}")
        self.name = name


class FileFault(NamedTuple):
    """One thing that is wrong with rule files: `file:line:column` and what."""

    place: str
    message: str


class RulesRefused(UseCaseError):
    """Rule files cannot be published: they have errors, or tests of theirs fail."""

    refusal = Refusal.RULES_REFUSED

    def __init__(self, findings: tuple[FileFault, ...]) -> None:
        """Keep everything that is wrong."""
        first, more = findings[0], len(findings) - 1
        super().__init__(f"{first.place}: {first.message}" + (f" (and {more} more)" if more else ""))
        self.findings = findings


class BookRefused(UseCaseError):
    """A book of business cannot be read, or none can be made; says why."""

    refusal = Refusal.BOOK_REFUSED
    field = "book"


class ReleaseUnusable(UseCaseError):
    """A stored release does not compile with this version."""

    refusal = Refusal.RELEASE_UNUSABLE

    def __init__(self, release: str, reason: str) -> None:
        """Name it, and say why."""
        super().__init__(f"release {release} cannot be used: {reason}")


class NothingToReturnTo(UseCaseError):
    """There is no release below the active one."""

    refusal = Refusal.NOTHING_TO_RETURN_TO
    field = "roll_back"

    def __init__(self) -> None:
        """Say so."""
        super().__init__("no release was active before the present one")


class NotServed(UseCaseError):
    """This service was started without what the call needs; the message names it."""

    refusal = Refusal.NOT_SERVED


class ActivationPast(UseCaseError):
    """A decision cannot be called off, since it has taken effect or was called off before."""

    refusal = Refusal.ACTIVATION_PAST
    field = "cancel_number"

    def __init__(self, number: int, what: str) -> None:
        """Say which, and what became of it."""
        super().__init__(f"activation {number} {what}")


class ActiveReleaseChanged(UseCaseError):
    """Another release is active than the caller believed."""

    refusal = Refusal.ACTIVE_RELEASE_CHANGED
    field = "expected_active_release"

    def __init__(self, expected: str, found: str | None) -> None:
        """Say what is active."""
        super().__init__(f"expected {expected} to be active; found {found or 'none'}; look again, then decide")


class FourEyesNeeded(UseCaseError):
    """A release would be activated by the person who published it."""

    refusal = Refusal.FOUR_EYES_NEEDED
    field = "release"

    def __init__(self, release: str, author: str) -> None:
        """Say who may not."""
        super().__init__(f"{author} published {release}; another person must activate it")


class SecondPersonNeeded(UseCaseError):
    """Four eyes would be switched off by one person alone."""

    refusal = Refusal.FOUR_EYES_NEEDED

    def __init__(self, actor: str) -> None:
        """Say who may not."""
        super().__init__(f"{actor} asked to switch four eyes off; somebody else has to agree")


class UnknownDraft(NamedError):
    """There is no draft of that id."""

    refusal = Refusal.UNKNOWN_DRAFT
    field = "draft"


class DraftChanged(UseCaseError):
    """The files of a draft are at another revision than the caller believes."""

    refusal = Refusal.DRAFT_CHANGED
    field = "revision"

    def __init__(self, draft: str, expected: int, found: int, editor: str) -> None:
        """Say who saved what is there now."""
        said = f"expected {draft} at revision {expected}; found revision {found}, saved by {editor}"
        super().__init__(f"{said}; read it again, then decide what to keep")


class WrongDraftState(UseCaseError):
    """A step that the state of a draft does not allow; the message says which state that is."""

    refusal = Refusal.WRONG_DRAFT_STATE
    field = "draft"


class DraftFull(UseCaseError):
    """A draft would have more files, bytes or steps than one may have; the message says how many."""

    refusal = Refusal.DRAFT_FULL
    field = "draft"


class DraftBaseMoved(UseCaseError):
    """Another release is in force than the base of a draft; the message says what to do."""

    refusal = Refusal.DRAFT_BASE_MOVED
    field = "draft"


class OwnDraft(UseCaseError):
    """A draft would be approved by somebody who wrote it."""

    refusal = Refusal.FOUR_EYES_NEEDED
    field = "draft"

    def __init__(self, draft: str, editor: str) -> None:
        """Say who may not."""
        super().__init__(f"{editor} wrote files of {draft}; another person must approve it")


class PayerNotAllowed(UseCaseError):
    """A change of rules goes beyond the payers whose rules the caller may change."""

    refusal = Refusal.PAYER_NOT_ALLOWED

    def __init__(self, subject: str, payers: Iterable[str], what: str) -> None:
        """Say what else would be changed."""
        may = ", ".join(sorted(payers)) or "no payer"
        super().__init__(f"{subject} may change the rules of {may}; this would also change {what}")


def moment(when: datetime) -> str:
    """A time of any zone as messages show it, in UTC to the second."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
