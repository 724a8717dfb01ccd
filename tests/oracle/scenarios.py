"""A random rule set as YAML texts, and a random request against it.

Every construct of the rule language occurs, amounts are small so that limits, maxima and deductibles are reached, and
both the rules and the request are valid: no dangling reference, editions of what a plan refers to wherever the plan is
in force, sums so far below every maximum. Left out, because docs/rule-language.md leaves their meaning open: two
deductible steps of which one feeds the other, `of: after_deductible` before a deductible step, and use before the
estimate of a limit `per: visit` or of one whose measure or period changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from . import random_plan, random_request, random_shared
from .dice import Dice
from .rules import RuleBook
from .yaml_text import yaml_text

__all__ = ["Scenario", "draw_scenario"]

LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True)
class Scenario:
    """Rule files (file name -> YAML text) and an EstimatePlanRequest with proto field names."""

    documents: dict[str, str]
    request: dict[str, Any]

    @cached_property
    def parsed(self) -> list[dict[str, Any]]:
        """The documents as the oracle takes them, every scalar a text; for reading only."""
        return [yaml.load(text, Loader=LOADER) for text in self.documents.values()]


def draw_scenario(dice: Dice) -> Scenario:
    """A rule set and a request; a quarter of them with a second plan."""
    documents = [random_shared.catalog(dice, effective) for effective in random_shared.ranges(dice)]
    documents += [random_shared.fees(dice, effective) for effective in random_shared.ranges(dice)]
    for id_ in random_shared.POLICIES:
        documents += [random_shared.policy(dice, id_, effective) for effective in random_shared.ranges(dice)]
    primary = random_plan.plan_editions(dice, "plan-one")
    secondary = random_plan.plan_editions(dice, "plan-two") if dice.chance(25) else []
    request = random_request.request(dice, primary, secondary)
    random_request.give_minutes(dice, request, RuleBook([*documents, *primary, *secondary]))
    random_request.leave_to_codes(dice, request, RuleBook([*documents, *primary, *secondary]))
    texts = {file_name(each): yaml_text(each) for each in [*documents, *primary, *secondary]}
    return Scenario(texts, request)


def file_name(document: dict[str, Any]) -> str:
    """For example `plan/plan-one-2026-01-01.yaml`."""
    return f"{document['kind']}/{document['id']}-{document['effective']['from']}.yaml"
