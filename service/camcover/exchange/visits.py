"""Services of single days and codes, as claims list them, as the visits of a request."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

__all__ = ["joined_visits"]


def joined_visits(services: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Codes of one day as one visit, and equal visits as one service on several days.

    `services`: fields of PlannedService, each with the lists `procedures` and `dates`.
    """
    joined = _gathered(_gathered(services, "procedures"), "dates")
    return [each | {"dates": sorted(each["dates"])} for each in joined]


def _gathered(services: Iterable[dict[str, Any]], name: str) -> Iterable[dict[str, Any]]:
    """Services that are equal but for one list as one, which has all entries of that list."""
    found: dict[str, dict[str, Any]] = {}
    for service in services:
        others = {key: value for key, value in service.items() if key != name}
        same = found.setdefault(json.dumps(others, sort_keys=True), others | {name: []})
        same[name].extend(service[name])
    return found.values()
