"""Reading and checking 2,000 plan files; the reference is PyYAML's C loader on the same texts, without positions."""

from __future__ import annotations

import pytest
import yaml
from pytest_benchmark.fixture import BenchmarkFixture

from camcover.rulebook import load_texts
from questions import ROOT

FILES = 2_000
PAYER = ROOT / "rules" / "payers" / "original-medicare"


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """The catalog, one payer's policies and fees, and 2,000 copies of its plan under ids of their own."""
    shared = [*(ROOT / "rules" / "catalog").glob("*.yaml"), *PAYER.glob("policy-*.yaml"), *PAYER.glob("fees-*.yaml")]
    plan = (PAYER / "plan-2026.yaml").read_text(encoding="utf-8")
    copies = {
        f"plan-{number}.yaml": plan.replace("id: original-medicare-part-b\n", f"id: plan-{number}\n", 1)
        for number in range(FILES)
    }
    return {file.name: file.read_text(encoding="utf-8") for file in shared} | copies


@pytest.mark.benchmark(group="2,000 plan files")
def test_read_and_check(benchmark: BenchmarkFixture, texts: dict[str, str]) -> None:
    loaded = benchmark.pedantic(load_texts, args=(texts,), rounds=1)
    assert loaded.rules is not None
    assert len(loaded.rules.plans) == FILES


@pytest.mark.benchmark(group="2,000 plan files")
def test_reference_c_loader(benchmark: BenchmarkFixture, texts: dict[str, str]) -> None:
    def read() -> int:
        return sum(1 for text in texts.values() if yaml.load(text, Loader=yaml.CSafeLoader))

    assert benchmark.pedantic(read, rounds=1) == len(texts)
