"""`camcover rules history`: what was decided, and what had no effect."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from camcover.rulebook import load_texts
from camcover.store import Activation, ActivationKind, Ledger, ReleaseStore, open_database
from camcover.workflow.publishing import prepare, publish
from small_rules import COPAY_PLAN, TEXTS


def test_a_decision_without_effect_is_named_so(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second decision, of tomorrow, is bound to a release that is not active by then."""
    url = f"sqlite:///{tmp_path / 'camcover.sqlite'}"
    database = open_database(url)
    store, now = ReleaseStore(database), datetime.now(UTC)
    first, second = (
        publish(store, prepare(load_texts(TEXTS | {"copay.yaml": text})), "ana", "as agreed").release.id
        for text in (COPAY_PLAN, COPAY_PLAN.replace("copay: $20", "copay: $30"))
    )
    with store.writing() as ledger:
        for release, at, only_from in ((first, now, None), (second, now + timedelta(days=1), second)):
            decision = Activation(0, ActivationKind.ACTIVATE, release, None, "bob", "agreed", now, at, only_from)
            ledger.add_activation(decision)
    database.close()
    monkeypatch.setenv("CAMCOVER_DATABASE_URL", url)
    assert "without effect" not in run("rules", "history").stdout
    monkeypatch.setattr(Ledger, "now", lambda _: now + timedelta(days=2))
    last = run("rules", "history").stdout.rstrip().splitlines()[-1]
    assert second in last
    assert "without effect" in last
