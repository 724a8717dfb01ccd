"""Benefits that stand behind one that asks for an attestation: no overlap where the order is meant."""

from __future__ import annotations

import pytest

from camcover.rulebook import load_texts
from camcover.rulebook.analysis.findings import FindingKind
from camcover.rulebook.analysis.plans import analyse
from cell_rules import PAYS, plan_text
from small_rules import CATALOG, FEES


@pytest.mark.parametrize(
    ("earlier", "later", "overlaps"),
    [
        ("{attested: [referral]}", "{settings: [office]}", False),
        ("{attested: [referral]}", "{not_attested: [referral]}", False),
        ("{attested: [referral, plan_of_care]}", "{attested: [referral]}", False),
        ("{attested: [referral]}", "{attested: [referral, plan_of_care]}", True),
        ("{not_attested: [referral]}", "{settings: [office]}", True),
        ("{settings: [office]}", "{attested: [referral]}", True),
    ],
)
def test_an_earlier_benefit_overlaps_unless_it_asks_for_more(earlier: str, later: str, *, overlaps: bool) -> None:
    """The later one takes what the earlier one passes on; asking the other way round, the file's order decides."""
    first = f"first: {{therapies: [acupuncture], when: {earlier}, {PAYS}}}"
    second = f"second: {{therapies: [acupuncture], when: {later}, {PAYS}}}"
    texts = {"catalog.yaml": CATALOG, "fees.yaml": FEES, "plan.yaml": plan_text(first, second)}
    loaded = load_texts(texts)
    assert loaded.rules is not None
    codes = {each.code for each in loaded.diagnostics}
    assert ("overlapping-benefits" in codes or "benefit-never-applies" in codes) is overlaps
    (analysed,) = analyse(loaded.rules.plans["plan"], loaded.rules)
    found = {each.kind for each in analysed.findings(loaded.rules)}
    assert bool(found & {FindingKind.OVERLAPS, FindingKind.DEAD}) is overlaps
