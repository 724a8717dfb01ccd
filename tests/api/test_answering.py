"""Answers at hand, and estimates of which only hashes are kept: the same figures, never stale, the same bytes again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status

from camcover.api.answering import Answering
from camcover.api.estimate_servicer import EstimateServicer
from camcover.api.reproducing import reproduced
from camcover.gen.camcover.v1 import estimate_pb2, estimate_service_pb2
from camcover.rulebook import load_texts
from camcover.store import Keeping, KeptEstimates, NoStore, ReleaseStore, open_database
from camcover.workflow.errors import EstimateDiffers, EstimateNotKept
from camcover.workflow.publishing import prepare, publish
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce
from databases import new_sqlite_database
from small_rules import COPAY_PLAN, TEXTS, estimate_in, tables

DEARER = COPAY_PLAN.replace("copay: $20", "copay: $30")


def content(message: Any) -> bytes:
    """An answer without what is another's each time."""
    copy = estimate_pb2.Estimate()
    copy.CopyFrom(message)
    for field in ("name", "request_id", "created_at", "expires_on"):
        copy.ClearField(field)
    return copy.SerializeToString(deterministic=True)


async def test_the_same_question_is_priced_once(ask: Any) -> None:
    """Also under another request id; the name, the time and the id are each answer's own."""
    answering = Answering(RulesInForce(tables()), NoStore())
    first = estimate_in(await answering.one(ask(request_id="a")))
    second = estimate_in(await answering.one(ask(request_id="b")))
    assert answering.counts()[:3] == (1, 1, 1)
    assert first.name != second.name
    assert (first.request_id, second.request_id) == ("a", "b")
    assert content(first) == content(second)
    assert first.totals.patient_cents == second.totals.patient_cents == 6080
    await answering.one(ask(explain=True))
    assert answering.counts()[:2] == (1, 2)


async def test_other_rules_are_asked_anew(ask: Any) -> None:
    """Under the copay plan: 3 visits of 20.00, then of 30.00."""
    rules = RulesInForce(tables())
    answering = Answering(rules, NoStore())
    question = ask(plan_id="copay-plan", members=[{"id": "ana"}])
    paid = []
    for active in (tables(), tables(copay=DEARER), tables()):
        rules.activate(active)
        outcome = estimate_in(await answering.one(question))
        paid.append(outcome.totals.patient_cents)
    assert paid == [6000, 9000, 6000]
    assert answering.counts()[:2] == (1, 2)


async def test_refusals_are_not_remembered(ask: Any) -> None:
    answering = Answering(RulesInForce(tables()), NoStore())
    for _ in range(2):
        outcome = await answering.one(ask(plan_id="nowhere"))
        assert isinstance(outcome, Status)
    assert answering.counts() == (0, 2, 0, 0)


async def test_answers_at_hand_are_kept_like_others(ask: Any, kept: KeptEstimates) -> None:
    answering = Answering(RulesInForce(tables()), kept)
    for number in range(3):
        outcome = await answering.one(ask(request_id=f"r{number}"))
        stored = kept.by_name(estimate_in(outcome).name)
        assert stored is not None
        assert stored.body == outcome
        again = await answering.one(ask(request_id=f"r{number}"))
        assert again == outcome


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[KeptEstimates]:
    """Estimates kept whole."""
    database = open_database(new_sqlite_database(tmp_path / "kept.sqlite"))
    yield KeptEstimates(database)
    database.close()


@pytest.fixture
async def hashed(tmp_path: Path) -> AsyncIterator[tuple[RulesInForce, KeptEstimates]]:
    """Two releases of which the first is active, and a store that keeps hashes alone."""
    database = open_database(new_sqlite_database(tmp_path / "hashes.sqlite"))
    store = ReleaseStore(database)
    first = publish(store, prepare(load_texts(TEXTS)), "ana", "20").release.id
    publish(store, prepare(load_texts(TEXTS | {"copay.yaml": DEARER})), "ana", "30")
    releases = ReleaseRules(store)
    yield RulesInForce(releases.tables(first), releases), KeptEstimates(database, Keeping.HASHES)
    database.close()


async def test_hashes_alone_give_the_same_bytes_under_the_same_request_id(ask: Any, hashed: Any) -> None:
    """Also when other rules have become active since: the estimate is computed again by its own release."""
    rules, store = hashed
    question = {"request_id": "a", "plan_id": "copay-plan", "members": [{"id": "ana"}]}
    first = await Answering(rules, store).one(ask(**question))
    assert isinstance(first, bytes)
    rules.activate(tables(copay=DEARER))
    again = await Answering(rules, store).one(ask(**question))
    assert again == first
    other = await Answering(rules, store).one(ask(**question | {"as_of": "2026-03-01"}))
    assert isinstance(other, Status)
    assert other.code == Code.ALREADY_EXISTS


async def test_an_estimate_of_which_hashes_are_kept_is_not_given_again_by_name(ask: Any, hashed: Any) -> None:
    rules, store = hashed
    servicer = EstimateServicer(rules, store)
    estimate = estimate_in(await servicer.EstimatePlan(ask(), None))  # type: ignore[arg-type]
    with pytest.raises(EstimateNotKept, match="only its hashes were kept"):
        await servicer.GetEstimate(estimate_service_pb2.GetEstimateRequest(name=estimate.name), None)  # type: ignore[arg-type]


async def test_an_estimate_that_this_version_computes_otherwise(ask: Any, kept: KeptEstimates) -> None:
    rules = RulesInForce(tables())
    estimate = estimate_in(await Answering(rules, kept).one(ask()))
    stored = kept.by_name(estimate.name)
    assert stored is not None
    assert stored.request is not None
    assert reproduced(rules, stored, stored.request) == estimate
    with pytest.raises(EstimateNotKept, match="computes another result than the one kept"):
        reproduced(rules, stored._replace(body_digest=b"other"), stored.request)


@pytest.mark.parametrize(
    ("change", "said", "same_figures"),
    [
        (
            lambda each: setattr(each.notices[1], "text", "As it was worded before."),
            "only the words differ, first at notices[1].text; every figure is the same",
            True,
        ),
        (
            lambda each: each.range.assumptions.append("One more was made before."),
            "only the words differ, first at range.assumptions; every figure is the same",
            True,
        ),
        (
            lambda each: setattr(each.citations[0], "rule", "plans/share.yaml:17"),
            "only the words differ, first at citations[0].rule; every figure is the same",
            True,
        ),
        (lambda each: each.notices.pop(), "it differs at notices[3]", False),
        (lambda each: setattr(each.lines[2], "copay_cents", 1), "it differs at lines[2].copay_cents", False),
        (
            lambda each: each.notices.pop() and each.notices[0].ClearField("text"),
            "it differs at notices[3]",
            False,
        ),
    ],
)
async def test_what_differs_is_named_and_whether_only_words_do(
    ask: Any, kept: KeptEstimates, change: Callable[[Any], object], said: str, *, same_figures: bool
) -> None:
    """The answer that was kept is changed in place of this version."""
    rules = RulesInForce(tables())
    estimate = estimate_in(await Answering(rules, kept).one(ask()))
    stored = kept.by_name(estimate.name)
    assert stored is not None
    change(estimate)
    before = stored._replace(body=estimate.SerializeToString(), body_digest=b"other")
    with pytest.raises(EstimateDiffers) as differs:
        reproduced(rules, before, stored.request or b"")
    assert str(differs.value).endswith(said)
    assert differs.value.same_figures == same_figures


async def test_an_id_out_of_bounds_is_never_looked_for(ask: Any, kept: KeptEstimates) -> None:
    """The store sees only what keeps the rules of the .proto."""
    seen: list[str] = []

    class Watched(KeptEstimates):
        def by_keys(self, keys: Any) -> Any:
            seen.extend(request_id for _, request_id in keys)
            return {}

    answering = Answering(RulesInForce(tables()), Watched(kept._database))
    for request_id, plan_id in (("x" * 129, "share-plan"), ("known", "nowhere")):
        assert isinstance(await answering.one(ask(request_id=request_id, plan_id=plan_id)), Status)
    assert seen == ["known"]


async def test_a_batch_that_nobody_waits_for_stops_after_its_slice(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five requests of 1,840 lines are five slices; the call ends while the first is in the making."""
    began, goes_on = threading.Semaphore(0), threading.Event()
    slices: list[int] = []
    priced = Answering._priced

    def held(answering: Answering, requests: Any) -> Any:
        slices.append(len(requests))
        began.release()
        assert goes_on.wait(120)
        return priced(answering, requests)

    monkeypatch.setattr(Answering, "_priced", held)
    answering = Answering(RulesInForce(tables()), NoStore())
    item = {"therapy": "acupuncture", "charge_cents": 9000, "start_date": "2026-01-01", "every_days": 1}
    large = [ask(items=[item | {"sessions": 368}] * 5)] * 5
    batch = asyncio.ensure_future(answering.many(large))
    await asyncio.to_thread(began.acquire)
    batch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await batch
    goes_on.set()
    assert len(await answering.many([ask(), large[0], large[1]])) == 3
    # Three lines and 1,840 are a slice of at most 2,000; as many again are another.
    assert slices == [1, 2, 1]


async def test_many_callers_of_one_question_and_of_many(ask: Any) -> None:
    """Forty batches in threads over eight questions; each is answered by its own figures."""
    answering = Answering(RulesInForce(tables()), NoStore())
    charges = [8000 + 100 * number for number in range(8)]
    item = ask().items[0]

    def question(charge: int) -> Any:
        request = ask()
        request.items[0].CopyFrom(item)
        request.items[0].procedures[0].charge_cents = charge
        return request

    batches = [answering.many([question(charge) for charge in charges]) for _ in range(40)]
    for outcomes in await asyncio.gather(*batches):
        assert [estimate_in(each).totals.charge_cents for each in outcomes] == [3 * charge for charge in charges]
    counts = answering.counts()
    assert counts.hits + counts.misses == 320
    assert counts.entries == 8
