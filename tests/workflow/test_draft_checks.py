"""What of a draft is checked while it is written: what the changed files concern, and no less."""

from __future__ import annotations

import pytest

from camcover.workflow.draft_checks import check_draft, concerned
from small_rules import CATALOG, COPAY_PLAN, FEES, SHARE_PLAN

POLICY = """\
format: camcover/1
kind: policy
id: care
effective: {from: 2024-01-01}
when: {ages: {min: 18}}
cite: eoc p.9
sources:
  eoc: {title: Evidence of coverage, published: 2025-11-14}
"""
OTHER_FEES = FEES.replace("id: fees", "id: others")

BASE = {
    "catalog.yaml": CATALOG.encode(),
    "fees.yaml": FEES.encode(),
    "others.yaml": OTHER_FEES.encode(),
    "care.yaml": POLICY.encode(),
    "share.yaml": SHARE_PLAN.replace("    therapies: [acu", "    policy: care\n    therapies: [acu").encode(),
    "copay.yaml": COPAY_PLAN.replace("fees: fees", 'fees: "others"').encode(),
    "2027.yaml": COPAY_PLAN.replace("2026-01-01, to: 2026-12-31", "2027-01-01").encode(),
}
"""Share-plan with fees and a policy; copay-plan in two editions, one by fees, one by other fees."""

SHARE = {"catalog.yaml", "share.yaml", "fees.yaml", "care.yaml"}
COPAY = {"catalog.yaml", "copay.yaml", "2027.yaml", "fees.yaml", "others.yaml"}

CASES = {
    "a plan": ("share.yaml", SHARE),
    "an edition of a plan": ("2027.yaml", COPAY),
    "a policy": ("care.yaml", SHARE),
    "fees of two plans": ("fees.yaml", SHARE | COPAY),
    "fees of one": ("others.yaml", COPAY),
    "the catalog": ("catalog.yaml", set(BASE)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_changed_file_is_checked_with_what_it_concerns(name: str) -> None:
    file, expected = CASES[name]
    assert concerned(BASE, BASE | {file: BASE[file] + b"# changed\n"}) == expected


def test_a_removed_file_concerns_what_named_it() -> None:
    after = {name: body for name, body in BASE.items() if name != "care.yaml"}
    assert concerned(BASE, after) == SHARE - {"care.yaml"}
    found = check_draft(BASE, after, is_whole=False)
    assert (found.is_whole, found.file_count, found.validation.release) == (False, 3, "")
    assert [each.code for each in found.validation.diagnostics] == ["unknown-policy"]


def test_a_new_file_that_nothing_names_yet_is_checked() -> None:
    after = BASE | {"new.yaml": POLICY.replace("id: care", "id: new").replace("{min: 18}", "grown up").encode()}
    assert concerned(BASE, after) == {"catalog.yaml", "new.yaml"}
    (fault,) = check_draft(BASE, after, is_whole=False).validation.diagnostics
    assert (fault.at.file, fault.at.line) == ("new.yaml", 5)


@pytest.mark.parametrize("body", [b"", b"kind: plam\nid: x\n", b"\xff\xfe", b"kind: plan\n"])
def test_a_file_that_does_not_say_what_it_is_has_all_checked(body: bytes) -> None:
    after = BASE | {"share.yaml": body}
    assert concerned(BASE, after) == set(after)


def test_an_error_elsewhere_does_not_hide_what_is_written() -> None:
    """The copay plan of the base is broken; the share plan is checked and its tests are run nevertheless."""
    base = BASE | {"copay.yaml": b"kind: plan\nid: copay-plan\n"}
    after = base | {"share.yaml": BASE["share.yaml"] + b"# changed\n"}
    assert check_draft(base, after, is_whole=False).validation.diagnostics[0].code == "plan-without-tests"
    whole = check_draft(base, after, is_whole=True)
    assert (whole.is_whole, whole.file_count) == (True, 7)
    assert "missing-key" in {each.code for each in whole.validation.diagnostics}


def test_nothing_changed_checks_the_catalog_alone() -> None:
    found = check_draft(BASE, BASE, is_whole=False)
    assert (found.is_whole, found.file_count) == (False, 1)
