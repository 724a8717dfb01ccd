"""One walk of a draft on either kind of database: two revisions, a removal, an approval, a later time, a moved base."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from camcover.rulebook import load_files
from camcover.store import DatabaseError, DraftStepKind, DraftStore, Ledger
from camcover.store.schema import HEAD
from camcover.workflow.activation import Decision, activate, active_release
from camcover.workflow.auditing import verify
from camcover.workflow.draft_states import DraftState
from camcover.workflow.drafting import (
    DraftDecision,
    DraftSave,
    comment,
    create_draft,
    decide,
    draft_view,
    draft_views,
    propose,
    publish_draft,
    save_draft,
    snapshot_to,
)
from camcover.workflow.publishing import prepare
from small_rules import TEXTS


def test_a_draft_on_either_database(releases: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, _ = releases.ids
    activate(releases.rules, first, Decision("bob", "first"))
    store = DraftStore(releases.database)
    fees = TEXTS["fees.yaml"].replace("$48.00", "$47.00").encode()
    name = create_draft(store, "ana", "Fees", {"fees.yaml": fees, "new.yaml": b"x"}).draft.id
    saved = save_draft(store, name, DraftSave("ana", 1, {"new.yaml": None, "share.yaml": None}))
    assert (saved.revision, saved.file_count) == (2, 2)
    assert draft_view(store, name)[1] == {"fees.yaml": fees, "share.yaml": None}
    comment(store, name, "bob", "Since when?", file="fees.yaml", line=9)
    propose(store, snapshot_to(DraftStepKind.PROPOSE, store, name, 2), "ana")
    decide(store, name, DraftDecision("bob", 2, is_approved=True, reason=""))
    checked = snapshot_to(DraftStepKind.PUBLISH, store, name, 2)
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    ready = prepare(load_files(checked.files))
    done = publish_draft(releases.rules, checked, ready, Decision("ana", "agreed"), at=tomorrow)
    assert done.state is DraftState.SCHEDULED
    activate(releases.rules, second, Decision("bob", "second"))
    monkeypatch.setattr(Ledger, "now", lambda _: tomorrow)
    assert active_release(releases.store) == second
    (found,) = draft_views(store)
    assert (found.state, found.file_count) == (DraftState.SENT_BACK, 2)
    monkeypatch.undo()
    assert verify(releases.database).drafts == 1
    # Earlier versions would have the scheduled release become active whatever is.
    with pytest.raises(DatabaseError, match="activation 2 depends on the release before it, which earlier versions"):
        releases.database.downgrade("0007")
    assert releases.database.revision() == HEAD
