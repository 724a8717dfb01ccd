"""Kernel: the tier by which a line is priced and covered (docs/rule-language.md, points 28 and 29)."""

from __future__ import annotations

from typing import Any

from camcover.engine.kernel.tables import RuleTables, Work
from camcover.jit import compiled

_NONE = -1


@compiled
def tier_of(rules: RuleTables, work: Work, request: Any, segment: Any, named: int, place: int) -> int:
    """The tier of line `place`: the one `named`, else the primary's where this is a second plan, else the open one."""
    if named >= 0:
        return named
    if request["behind"] >= 0:
        primary = work.behind[request["behind"] + place]["tier"]
        same = _NONE if primary < 0 else work.tier_maps[request["tier_map"] + primary]
        if same >= 0 and rules.tiers[segment["tiers"] + same]["present"] == 1:
            return same
    return rules.tiers[segment["tiers"] + request["open_tier"]]["listed"]
