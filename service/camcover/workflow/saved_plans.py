"""Plans of care that patients keep for a while, as pages need them. `api/page_saves.py` keeps them in the store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple, Protocol

from camcover.engine import EstimateRequest, Tables
from camcover.workflow.pricing import PricedPlan

__all__ = ["SavedPlan", "SavedPlans"]


class SavedPlan(NamedTuple):
    """A plan of care that was kept: what was asked, by which release, when, and until which day it is kept.

    `patient_cents`, `charge_cents`: the sums of then. `again`: the rules and the answer of then, computed once more;
    None where the release is no longer there, or this version computes another answer. It takes a while.
    """

    request: EstimateRequest
    release: str
    made_on: date
    kept_until: date
    patient_cents: int
    charge_cents: int
    again: Callable[[], tuple[Tables, PricedPlan] | None]


class SavedPlans(Protocol):
    """Keeps plans of care under keys that are hard to guess; each raises `Refused` of `api` without a database."""

    days: int
    """How long a plan is kept."""

    async def keep(self, request: EstimateRequest, priced: PricedPlan, language: str) -> str:
        """The key of what was kept. Raises `Refused` where too many are kept at once."""

    async def find(self, key: str) -> SavedPlan | None:
        """What is kept under a key; None where nothing is, or no longer."""

    async def erase(self, key: str) -> bool:
        """Delete what is kept under a key; False where nothing is."""
