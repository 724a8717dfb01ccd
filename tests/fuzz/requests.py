"""A request of each method that is in order, from which most cases begin."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from random import Random
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message

from fuzz import exchanged
from fuzz.messages import fill
from small_rules import TEXTS, question

__all__ = ["begin"]

_DRAFT = "drafts/0123456789abcdef"


def _files(random: Random) -> dict[str, Any]:
    """The small rules, now and then one of them cut."""
    texts = dict(TEXTS)
    if random.random() < 0.3:
        name = random.choice([*texts])
        texts[name] = texts[name][: random.randrange(len(texts[name]))]
    return {
        "files": [
            {"name": f"payers/{name}", "content": base64.b64encode(text.encode()).decode()}
            for name, text in texts.items()
        ]
    }


def _in_order(random: Random) -> Mapping[str, Any]:
    """Requests by the name of their message."""
    files = _files(random)
    return {
        "EstimatePlanRequest": question(request_id=random.choice(("", "one", "two"))),
        "BatchEstimatePlansRequest": {"requests": [question(), question(plan_id="copay-plan")]},
        "ComparePlansRequest": {"request": question(members=[{"id": "ana"}]), "plan_ids": ["share-plan", "copay-plan"]},
        "OptimizePlanRequest": {
            "request": question(),
            "tiers": ["out_of_network"],
            "latest": "2027-02-01",
            "change_order": True,
            "self_pay": [{"price_cents": 5000}],
            "most_priced": 50,
        },
        "ReadEligibilityRequest": {
            "plan_id": "share-plan",
            "content": base64.b64encode(exchanged.draw_answer(random)).decode(),
            "number": random.choice((0, 0, 1, 2)),
        },
        "CheckCoverageRequest": {"plan_id": "copay-plan", "service": question()["items"][0]},
        "GetPlanRequest": {"plan_id": "share-plan"},
        "ListPlansRequest": {"page_size": 1},
        "ListEstimatesRequest": {"member_id": "ana", "created_from": "2026-01-01T00:00:00Z"},
        "ValidateRulesRequest": {"rules": files},
        "PublishReleaseRequest": {"rules": files, "message": "twenty"},
        "GetReleaseRequest": {"with_files": True},
        "ActivateReleaseRequest": {"roll_back": True, "reason": "twenty"},
        "DiffReleasesRequest": {"after_rules": files},
        "AnalyzeImpactRequest": {"after_rules": files, "synthetic": {"members": 10, "seed": 1}},
        "ExplainRulesRequest": {"plan_id": "share-plan", "therapy": "acupuncture", "date": "2026-03-02"},
        "AnalyzeRulesRequest": {"rules": {"files": files}},
        "CoverRulesRequest": {"plan_ids": ["share-plan"]},
        "ListTherapiesRequest": {"filter": "acu"},
        "ListActivationsRequest": {"page_size": 10},
        "ListAuditEntriesRequest": {"after": 1},
        "SwitchFourEyesRequest": {"on": False},
        "CreateDraftRequest": {"title": "Twenty", "files": files["files"]},
        "SaveDraftRequest": {"draft": _DRAFT, "revision": 1, "files": files["files"]},
        "CheckDraftRequest": {"draft": _DRAFT, "files": files["files"]},
        "CommentDraftRequest": {"draft": _DRAFT, "text": "Why?", "file": "payers/share.yaml", "line": 1},
        "DecideDraftRequest": {"draft": _DRAFT, "revision": 1, "reason": "No."},
    }


def begin(random: Random, message: Message) -> Message:
    """`message`, filled as a request in order where one is known, and else with any fields."""
    known = _in_order(random).get(message.DESCRIPTOR.name)
    if known is None or random.random() < 0.15:
        return fill(random, message)
    return json_format.ParseDict(known, message)
