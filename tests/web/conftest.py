"""The pages in this process: a client of theirs over the small rules, and one over the shipped rules."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path

import httpx
import pytest

from camcover.cli.compiling import compiled_rules
from camcover.engine import Tables
from camcover.web.app import Made, Pages, PageSettings
from camcover.workflow.rules_in_force import RulesInForce
from small_rules import COPAY_PLAN, SHARE_PLAN, tables

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 3, 2)


async def at_once(work: Callable[[], Made]) -> Made:
    """Run what makes a page here and now."""
    return work()


def client_of(rules: Tables | None, settings: PageSettings | None = None) -> httpx.AsyncClient:
    """A client of the pages over rules; None: none are in force."""
    app = Pages(RulesInForce(rules), settings or PageSettings(), at_once, lambda: TODAY)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://pages.example")


@pytest.fixture(scope="session")
def small() -> Tables:
    """The small rules with both plans."""
    return tables(share=SHARE_PLAN, copay=COPAY_PLAN)


@pytest.fixture(scope="session")
def shipped() -> Tables:
    """The shipped rules."""
    return compiled_rules([ROOT / "rules"])


@pytest.fixture
async def site(small: Tables) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the pages over the small rules."""
    async with client_of(small, PageSettings("1-800-555-0142")) as client:
        yield client
