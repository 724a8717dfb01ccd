"""P8, help: how to use the pages, words explained, privacy, languages, access."""

from __future__ import annotations

from datetime import date

from camcover.engine import Tables
from camcover.web.rendering import Site, html

__all__ = ["help_page"]

EXPLAINED = (
    "premium",
    "deductible",
    "copay",
    "coinsurance",
    "maximum",
    "allowed",
    "network",
    "authorization",
    "referral",
    "limit",
)
"""The words that the page explains, by the ends of their messages' ids."""


def help_page(tables: Tables, tag: str, *, site: Site, today: date) -> str:
    """The page."""
    del tables, today
    return html("help.html", tag, "help", site=site, explained=EXPLAINED)
