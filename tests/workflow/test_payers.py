"""Whose rules a change touches: by plan, by what plans use, by the bytes of files."""

from __future__ import annotations

import pytest

from camcover.workflow.errors import PayerNotAllowed, RulesRefused
from camcover.workflow.payers import Touched, check_payers, touched
from small_rules import CATALOG, COPAY_PLAN, FEES, SHARE_PLAN

OTHER = COPAY_PLAN.replace("payer: {id: example, name: Example Health}", "payer: {id: other, name: Other}")
OWN_FEES = FEES.replace("id: fees", "id: own-fees")
TEXTS: dict[str, str | None] = {
    "catalog.yaml": CATALOG,
    "fees.yaml": FEES,
    "own.yaml": OWN_FEES,
    "share.yaml": SHARE_PLAN.replace("fees: fees", "fees: own-fees"),
    "copay.yaml": OTHER,
    "third.yaml": COPAY_PLAN.replace("id: copay-plan", "id: third-plan"),
}
"""The share plan is of the payer `example`, with fees of its own; `other` and `example` share those of the rest."""


def files(folder: str = "", replaced: dict[str, str | None] | None = None) -> dict[str, bytes]:
    """The rules with files in place of some; None leaves one out."""
    texts = TEXTS | {f"{name}.yaml": text for name, text in (replaced or {}).items()}
    return {folder + name: text.encode() for name, text in texts.items() if text is not None}


@pytest.mark.parametrize(
    ("after", "payers", "shared"),
    [
        ({}, set(), ()),
        ({"copay": OTHER.replace("copay: $20", "copay: $25")}, {"other"}, ()),
        ({"copay": OTHER + "# seen\n"}, {"other"}, ()),
        ({"copay": None}, {"other"}, ()),
        ({"own": OWN_FEES + "# seen\n"}, {"example"}, ()),
        ({"fees": FEES + "# seen\n"}, {"example", "other"}, ()),
        ({"copay": COPAY_PLAN}, {"example", "other"}, ()),
        ({"catalog": CATALOG + "# seen\n"}, set(), ("catalog.yaml",)),
        ({"new": OTHER.replace("id: copay-plan", "id: new-plan")}, {"other"}, ()),
        ({"new": COPAY_PLAN.replace("id: copay-plan", "id: new-plan")}, {"example"}, ()),
        ({"new": FEES.replace("id: fees", "id: new-fees")}, set(), ("new.yaml",)),
        ({"own": None, "moved": OWN_FEES}, {"example"}, ()),
    ],
)
def test_what_a_change_touches(after: dict[str, str | None], payers: set[str], shared: tuple[str, ...]) -> None:
    assert touched(files(), files("", after)) == Touched(frozenset(payers), shared)
    assert touched(files("", after), files("below/a/folder/")) == Touched(frozenset(payers), shared)


def test_another_edition_of_a_plan_belongs_to_its_payer_as_well() -> None:
    """Whoever names themselves as the payer of the next edition takes over nothing."""
    text = OTHER.replace("{from: 2026-01-01, to: 2026-12-31}", "{from: 2027-01-01, to: 2027-12-31}").replace(
        "payer: {id: other", "payer: {id: example"
    )
    assert text != COPAY_PLAN
    assert "example" in touched(files(), files("", {"next": text})).payers
    assert "other" in touched(files(), files("", {"next": text})).payers


def test_rules_with_errors_are_refused() -> None:
    with pytest.raises(RulesRefused):
        touched(files(), files("", {"copay": "kind: plan\n"}))


def test_who_may_change_what() -> None:
    own = frozenset({"other"})
    check_payers(Touched(frozenset(), ()), frozenset(), "ana")
    check_payers(Touched(own, ()), own, "ana")
    with pytest.raises(PayerNotAllowed, match="ana may change the rules of no payer; this would also change the rules"):
        check_payers(Touched(own, ()), frozenset(), "ana")
    with pytest.raises(PayerNotAllowed, match=r"files that belong to no single payer: catalog\.yaml$"):
        check_payers(Touched(own, ("catalog.yaml",)), own, "ana")
    many = frozenset("abcdefg")
    with pytest.raises(PayerNotAllowed, match=r"the rules of a, b, c, d, e \(and 2 more\)$"):
        check_payers(Touched(many, ()), own, "ana")
