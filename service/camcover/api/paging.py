"""Pages of a list: a bounded number of entries, and a token for the next page."""

from __future__ import annotations

from typing import NoReturn, Protocol

from camcover.api.base64_urls import from_base64, in_base64
from camcover.api.errors import invalid
from camcover.engine import Violation
from camcover.refusals import Refusal

__all__ = ["PageRequest", "page_size", "read_token", "refuse_token", "token_of"]

DEFAULT_PAGE, LARGEST_PAGE = 50, 500

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
        # No key of ours; and PostgreSQL takes no U+0000.
        refuse_token()
    return found


def refuse_token() -> NoReturn:
    """Raise `Refused` for a token that no page gave."""
    raise invalid(INVALID_TOKEN)
