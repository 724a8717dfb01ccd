"""The door of the pages for staff: whom a token stands for, and how a failure is told. `web.staff` asks it."""

from __future__ import annotations

from google.rpc.status_pb2 import Status

from camcover.api.access import Access, Caller
from camcover.api.credentials import token_hash
from camcover.api.errors import status_of
from camcover.api.http_statuses import http_status_of
from camcover.workflow.errors import FourEyesNeeded, PayerNotAllowed, SecondPersonNeeded
from camcover.workflow.staff_sessions import StaffPerson

__all__ = ["StaffDoor"]

_FORBIDDEN = 403
"""Of what this person may not do, and another may."""


class StaffDoor:
    """Lets in whom `access` knows by a token; certificates are for programs."""

    def __init__(self, access: Access) -> None:
        """Ask `access`."""
        self._access = access

    async def identified(self, token: str) -> StaffPerson | None:
        """Whom a token stands for now; None for one that is not known, or has ended. Raises `Refused`.

        Where the identity provider cannot be reached, nobody is known by its tokens.
        """
        hashed = token_hash(token)
        caller = await self._access.caller_of(token)
        is_listed = not isinstance(self._access.listed(hashed), Status)
        return _person(caller, hashed, is_listed=is_listed)

    def listed(self, token_hash: str) -> StaffPerson | None:
        """Whom the file of tokens has under a hash now; None where it has nobody, or the token has ended."""
        return _person(self._access.listed(token_hash), token_hash, is_listed=True)

    def people(self) -> tuple[StaffPerson, ...]:
        """Everybody whom the file of tokens names, in its order, without hashes."""
        found = (_person(each, "", is_listed=True) for each in self._access.all_listed())
        return tuple(each for each in found if each is not None)

    def refusal(self, error: Exception) -> tuple[int, str] | None:
        """The status of HTTP and the words of a refusal; None for a fault of ours."""
        status = status_of(error)
        if status is None:
            return None
        if isinstance(error, FourEyesNeeded | SecondPersonNeeded | PayerNotAllowed):
            return _FORBIDDEN, status.message
        return http_status_of(status), status.message


def _person(caller: Caller | Status, hashed: str, *, is_listed: bool) -> StaffPerson | None:
    if isinstance(caller, Status):
        return None
    return StaffPerson(caller.subject, caller.roles, caller.payers, caller.expires, hashed, is_listed)
