"""Pages of a list: a bounded number of entries, and a token for the next page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn, Protocol, TypeVar

from camcover.api.base64_urls import from_base64, in_base64
from camcover.api.errors import invalid
from camcover.engine import Violation
from camcover.refusals import Refusal

__all__ = ["PageByPlace", "PageRequest", "number_in_token", "page_size", "read_token", "refuse_token", "token_of"]

Item = TypeVar("Item")

DEFAULT_PAGE, LARGEST_PAGE = 50, 500

_LONGEST = 19
"""Digits of the largest number that a database holds."""

INVALID_TOKEN = Violation(
    "page_token", "an invalid token", "the next_page_token of an earlier response", Refusal.INVALID_PAGE_TOKEN
)


class PageRequest(Protocol):
    """The fields that all requests for pages have."""

    @property
    def page_size(self) -> int:
        """The most entries that the caller wants."""

    @property
    def page_token(self) -> str:
        """The token that the page before gave."""


def page_size(request: PageRequest) -> int:
    """How many entries a page has at most."""
    return min(request.page_size or DEFAULT_PAGE, LARGEST_PAGE)


def token_of(last: str) -> str:
    """The token of the page after the entry with that key."""
    return in_base64(last.encode())


def read_token(request: PageRequest) -> str:
    """The key in a page token; empty for the first page. Refuses a token that no page gave."""
    content = from_base64(request.page_token)
    if content is None:
        refuse_token()
    try:
        found = content.decode()
    except ValueError:
        refuse_token()
    if not found.isprintable():
        # No page gave such a key, and PostgreSQL stores no U+0000.
        refuse_token()
    return found


class PageByPlace:
    """A page of a list of which the token is the place of the page's first entry, from 0."""

    def __init__(self, request: PageRequest) -> None:
        """Read what the request asks for, before the list is made. Raises `Refused`."""
        self._first, self._size = number_in_token(request), page_size(request)

    def of(self, entries: Sequence[Item]) -> tuple[Sequence[Item], str]:
        """The entries of the page, and the token of the next one; empty on the last page."""
        end = self._first + self._size
        return entries[self._first : end], token_of(str(end)) if len(entries) > end else ""


def number_in_token(request: PageRequest) -> int:
    """The number that a page token stands for; 0 on the first page. Raises `Refused`."""
    token = read_token(request)
    if token and not (token.isascii() and token.isdecimal() and len(token) < _LONGEST):
        refuse_token()
    return int(token or 0)


def refuse_token() -> NoReturn:
    """Raise `Refused` for a token that no page gave."""
    raise invalid(INVALID_TOKEN)
