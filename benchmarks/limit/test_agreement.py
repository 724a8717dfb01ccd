"""The C kernel and the Numba kernel leave the same ledger, byte for byte, and the same running state.

Random rules and requests are those of the oracle's test, 200 here and 20,000 in `make nightly`; the shipped rules are
asked what the benchmarks ask.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from google.protobuf import json_format

from camcover.api.requests import estimate_request
from camcover.engine import EstimateRequest, Tables, compile_rules
from camcover.engine.asking.adjudicator import Adjudicator
from camcover.engine.asking.question import Question
from camcover.engine.kernel.call import Addresses, addresses_of, adjudicate_at
from camcover.engine.kernel.tables import Work
from camcover.engine.kernel.workspace import WRITTEN, Workspace
from camcover.gen.camcover.v1 import request_pb2
from camcover.jit import IS_COMPILED
from camcover.rulebook import as_text, load_texts
from extent import EXTENT
from limit.yardstick import NO_COMPILER, Yardstick, build
from oracle.drawn import drawn
from oracle.scenarios import Scenario, draw_scenario
from questions import shipped_tables, twelve_lines

NIGHTLY = 20_000
FILLING = 0xA5
"""What the state holds before a run: a kernel that reads it before it has set it goes astray."""


@pytest.fixture(scope="module")
def yardstick(tmp_path_factory: pytest.TempPathFactory) -> Yardstick:
    built = build(tmp_path_factory.mktemp("limit"))
    if built is None:
        pytest.skip(NO_COMPILER)
    if not IS_COMPILED:
        pytest.skip("the Numba kernel is not compiled in this run")
    return built


def addresses_at(tables: Tables, workspace: Workspace) -> Addresses:
    return addresses_of(tables.arrays, workspace.work)


def spoil(work: Work) -> None:
    """Fill the running state; zero the ledgers, of whose rows and steps a run writes only as many as there are."""
    for name in ("sums", "slots", "visits", "events"):
        getattr(work, name).view(np.uint8)[:] = FILLING
    work.ledger.view(np.uint8)[:] = work.rests.view(np.uint8)[:] = 0


def state_of(workspace: Workspace) -> dict[str, bytes]:
    return {name: getattr(workspace.work, name).tobytes() for name in WRITTEN}


def assert_same(yardstick: Yardstick, tables: Tables, workspace: Workspace) -> int:
    """Adjudicate what is laid out with both, the C kernel last; gives how many requests have a fault."""
    addresses, count = addresses_at(tables, workspace), workspace.requests.used
    spoil(workspace.work)
    faults = adjudicate_at(addresses, 0, count)
    expected = state_of(workspace)
    spoil(workspace.work)
    assert yardstick.adjudicate_at(addresses, 0, count) == faults
    assert state_of(workspace) == expected
    return faults


def assert_same_answers(yardstick: Yardstick, tables: Tables, request: EstimateRequest) -> None:
    """The same for a request's primary plan, and for its secondary plan behind it."""
    adjudicator = Adjudicator()
    question = adjudicator.lay_out(tables, request)
    assert isinstance(question, Question)
    # The secondary plan's cases are placed once the primary's are adjudicated.
    adjudicator.answers(tables, [question])
    assert assert_same(yardstick, tables, adjudicator.first) == 0
    if adjudicator.second.requests.used:
        assert assert_same(yardstick, tables, adjudicator.second) == 0


@drawn(draw_scenario, examples=NIGHTLY if EXTENT == "nightly" else 200)
def test_random_rules_and_requests(yardstick: Yardstick, scenario: Scenario) -> None:
    loaded = load_texts(scenario.documents)
    assert loaded.rules is not None, as_text(loaded.errors, loaded.texts)
    message = json_format.ParseDict(scenario.request, request_pb2.EstimatePlanRequest())
    assert_same_answers(yardstick, compile_rules(loaded.rules), estimate_request(message))


def test_shipped_rules(yardstick: Yardstick) -> None:
    assert_same_answers(yardstick, shipped_tables(), twelve_lines())


def test_too_little_room(yardstick: Yardstick) -> None:
    """Room for every dated use is enough; for one less is a fault of that request, and both say so."""
    tables, adjudicator = shipped_tables(), Adjudicator()
    assert isinstance(adjudicator.lay_out(tables, twelve_lines()), Question)
    request = adjudicator.first.requests.array[0]
    assert_same(yardstick, tables, adjudicator.first)
    wanted = int(request["event_count"])
    assert wanted > 0
    request["event_room"] = wanted
    assert assert_same(yardstick, tables, adjudicator.first) == 0
    request["event_room"] = wanted - 1
    assert assert_same(yardstick, tables, adjudicator.first) == 1


@pytest.mark.parametrize(("array", "column"), [("limits", "period"), ("limits", "measure"), ("steps", "kind")])
def test_unknown_codes(yardstick: Yardstick, array: str, column: str) -> None:
    """A code without arithmetic is the same fault in both."""
    tables, adjudicator = shipped_tables(), Adjudicator()
    assert isinstance(adjudicator.lay_out(tables, twelve_lines()), Question)
    rows = getattr(tables.arrays, array)
    rows.flags.writeable = True
    rows[column] = 99
    assert assert_same(yardstick, tables, adjudicator.first) == 1


def test_no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert build(tmp_path) is None
