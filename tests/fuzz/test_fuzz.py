"""Some hundred cases of the fuzzers and all of the corpus. `make fuzz` draws others, for as long as it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fuzz import exchanged, rule_files, wire
from fuzz.words import case_random

SEED = "camcover"
WIRE_CASES, RULE_CASES, EXCHANGE_CASES = 180, 30, 150

COMPILES = "/camcover.v1.RuleService/AnalyzeImpact"
"""It compiles machine code of its own, which takes longer than all the cases."""


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[wire.Fuzzed]:
    async with wire.fuzzed_service(tmp_path, is_one_process=True) as made:
        yield made


async def test_no_request_is_a_fault_of_the_service(service: wire.Fuzzed) -> None:
    drawn = [wire.draw(case_random(SEED, number), service.server, COMPILES) for number in range(WIRE_CASES)]
    kept = [*wire.corpus_cases()]
    assert len(kept) >= 8
    found = [(case, fault) for case in [*kept, *drawn] if (fault := await service.fault(case)) is not None]
    assert found == []
    assert {case.path for case in drawn} == {*service.server.methods} - {COMPILES}
    assert await service.is_alive()


async def test_a_fault_of_the_service_is_found(service: wire.Fuzzed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A method that fails by a bug is told by both ways."""

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("camcover.workflow.rules_in_force.RulesInForce.take", fails)
    found = await service.fault(
        wire.WireCase("/camcover.v1.CatalogService/GetPlan", is_json=False, body=b"\x0a\x0ashare-plan")
    )
    assert found is not None
    assert found.startswith("gRPC: INTERNAL: internal error; incident ")
    found = await service.fault(
        wire.WireCase("/camcover.v1.CatalogService/GetPlan", is_json=True, body=b'{"planId": "share-plan"}')
    )
    assert found is not None
    assert found.startswith("HTTP: 500 internal: internal error; incident ")


def test_no_rule_file_is_a_fault_of_the_reader() -> None:
    drawn = [(str(number), rule_files.draw(case_random(SEED, number))) for number in range(RULE_CASES)]
    kept = [*rule_files.corpus_cases()]
    assert len(kept) >= 6
    found = [(name, fault) for name, case in [*kept, *drawn] if (fault := rule_files.fault(case)) is not None]
    assert found == []


def test_a_fault_of_the_reader_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(rule_files.corpus_cases())[1]
    monkeypatch.setattr(rule_files, "format_text", lambda text: text + "\n")
    assert rule_files.fault(case) == "formatted twice it is not as formatted once"
    monkeypatch.setattr(rule_files, "LONGEST_REPORT", 1)
    told = rule_files.fault(case)
    assert told is not None
    assert told.startswith("diagnostics of ")
    monkeypatch.setattr(rule_files, "load_files", lambda _: 1 // 0)
    told = rule_files.fault(case)
    assert told is not None
    assert told.endswith("ZeroDivisionError: integer division or modulo by zero\n")


def test_no_file_of_another_format_is_a_fault_of_its_reader() -> None:
    drawn = [(str(number), exchanged.draw(case_random(SEED, number))) for number in range(EXCHANGE_CASES)]
    kept = [*exchanged.corpus_cases()]
    assert {case.kind for _, case in kept} == {case.kind for _, case in drawn} == {"271", "835", "837", "gfe", "json"}
    found = [(name, fault) for name, case in [*kept, *drawn] if (fault := exchanged.fault(case)) is not None]
    assert found == []


def test_a_fault_of_a_reader_of_another_format_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(case for _, case in exchanged.corpus_cases() if case.kind == "835")
    monkeypatch.setattr(exchanged, "LONGEST_REPORT", 1)
    monkeypatch.setattr(exchanged, "LONGEST_OF_BYTE", 0)
    told = exchanged.fault(case)
    assert told is not None
    assert told.endswith(" characters are told")
    monkeypatch.setattr(exchanged, "read_remittance", lambda *_: 1 // 0)
    told = exchanged.fault(case)
    assert told is not None
    assert told.endswith("ZeroDivisionError: integer division or modulo by zero\n")


def test_a_case_is_drawn_again_by_its_seed_and_number() -> None:
    """And what is kept of a request in the corpus is the request."""
    assert rule_files.draw(case_random("a", 7)) == rule_files.draw(case_random("a", 7))
    assert rule_files.draw(case_random("a", 7)) != rule_files.draw(case_random("a", 8))
    case = wire.WireCase("/a/B", is_json=False, body=b"\xff\0")
    assert wire.WireCase.from_text(case.to_text()) == case
