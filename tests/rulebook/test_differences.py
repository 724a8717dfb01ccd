"""What differs between two rule sets: the sentence for each kind of change, written by hand, and that none is lost."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from camcover.rulebook import RuleSet, format_text, load_texts
from camcover.rulebook.differences import Change, ChangeKind, differences
from every_construct import CATALOG, FEES, PLAN, POLICY, TEXTS, rule_set, rules_in
from oracle.drawn import drawn
from oracle.scenarios import Scenario, draw_scenario

FILES = {"catalog": CATALOG, "policy": POLICY, "fees": FEES, "plan": PLAN}


def changed(file: str, *edits: tuple[str, str]) -> RuleSet:
    """The rule set with texts of one file replaced, each where it first stands."""
    text = FILES[file]
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return rule_set(**{file: text})


def told(before: RuleSet, after: RuleSet) -> list[str]:
    return [str(each) for each in differences(before, after)]


HEADS = {
    "plan": "every-plan 2026: ",
    "policy": "pain from 2024-01-01: ",
    "fees": "fees-2026 2026: ",
    "catalog": "cam from 2024-01-01: ",
}
SHARE = "[deductible, {coinsurance: 20%}]"
YOGA = "  - {therapies: [yoga], cite: eoc p.4}\n"
DEDUCTIBLE = "deductible 'deductible'"
AUTHORIZATION = "requirement of prior authorization"
REFERRAL = "requirement of referral"
WAIVED = "20.00 copay per line, waived where the line pays any deductible"
NEW_ACCUMULATOR = "accumulators:\n  third: {kind: deductible, individual: $5, cite: eoc p.1}"
NEW_SENTENCE = "kind deductible; individual 5.00; family unlimited; family mode embedded; cite eoc p.1"


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        # what the member pays
        ("plan", "copay: $20.00 per", "copay: $25 per", "massage, in network: copay 20.00 -> 25.00"),
        ("plan", "copay: $30 per", "copay: $40 per", "acupuncture, in network: copay afterwards 30.00 -> 40.00"),
        ("plan", "coinsurance: 20%", "coinsurance: 12.5%", "acupuncture, out of network: coinsurance 20% -> 12.5%"),
        (
            *("plan", SHARE, "[{copay: $30}]"),
            "acupuncture, out of network: member pays deductible, then 20% -> 30.00 copay per visit",
        ),
        (
            *("plan", SHARE, "[{coinsurance: 20%}, deductible]"),
            "acupuncture, out of network: member pays deductible, then 20% -> 20%, then deductible",
        ),
        (
            *("plan", "of: allowed", "of: remaining"),
            "massage, out of network: member pays 40% of the allowed amount -> 40%",
        ),
        (
            *("plan", ", waived_with_deductible: yes", ""),
            f"massage, in network: member pays {DEDUCTIBLE}, then {WAIVED} -> {DEDUCTIBLE}, then 20.00 copay per line",
        ),
        ("plan", "    wider_network: not_covered\n", "", "acupuncture, wider network: removed: not covered"),
        # limits, requirements, criteria
        ("plan", "allow: 12 visits", "allow: 20 visits", "acupuncture, limit visits: 12 visits -> 20 visits"),
        ("plan", "allow: 12 visits", "allow: 1 unit", "acupuncture, limit visits: 12 visits -> 1 unit"),
        ("plan", "rolling 90 days", "week", "acupuncture, limit acupuncture.2: per rolling 90 days -> week"),
        ("plan", "allow: $500.00", "allow: $650.50", "limit pool: 500.00 -> 650.50"),
        (
            *("plan", ", beyond: improvement_documented", ""),
            "limit pool: beyond removed: improvement documented",
        ),
        (
            *("plan", "penalty: 50%", "penalty: 25%"),
            f"acupuncture, {AUTHORIZATION}: without it the plan pays 50% less -> the plan pays 25% less",
        ),
        ("plan", "[referral, {", "[{", f"acupuncture, {REFERRAL}: removed: without it not covered"),
        ("plan", "ages: {min: 18, max: 64}", "ages: {min: 21}", "acupuncture: ages 18 to 64 -> 21 and over"),
        ("plan", "licensed: required", "", "acupuncture: license required -> not required"),
        ("plan", "      states: [WA, OR]\n", "", "acupuncture: states WA, OR -> any"),
        ("policy", "[acupuncturist, physician]", "[acupuncturist]", "practitioners - physician"),
        ("policy", "icd10: [M25]", "icd10: [M26, M27]", "icd10 + M26, + M27, - M25"),
        ("policy", "cpb p.1", "cpb p.2", "cite cpb p.1 -> cpb p.2"),
        # the rest of a plan
        (
            "plan",
            "[diagnosis, referral]",
            "[diagnosis, limits]",
            "in network: provider liable for + limits, - referral",
        ),
        (
            *("plan", ", unless: advance_notice", ""),
            "in network: provider liable unless removed: advance notice",
        ),
        ("plan", "individual: $1500.00", "individual: $2000.00", "deductible: individual 1500.00 -> 2000.00"),
        ("plan", "family: $3000.00", "family: unlimited", "deductible: family 3000.00 -> unlimited"),
        ("plan", "feeds: [oop_max]", "feeds: []", "deductible: feeds - oop_max"),
        ("plan", "accumulators:", NEW_ACCUMULATOR, f"third: accumulator added: {NEW_SENTENCE}"),
        ("plan", "family: $1000.00\n", "family: $900.00\n", "hra: family 1000.00 -> 900.00"),
        ("plan", "pays: [deductible, coinsurance]", "pays: [deductible]", "hra: pays - coinsurance"),
        ("plan", "per: month, pays", "per: quarter, pays", "flex-card: per month -> calendar quarter"),
        ("plan", ", payment_to: member}", "}", "out of network: payment to member -> provider"),
        ("plan", "member up to 115%", "member", "out of network: above allowed member up to 115% -> member"),
        ("plan", YOGA, "", "exclusion of yoga: removed: therapies yoga; cite eoc p.4"),
        ("plan", "percent: 25%", "percent: 30%", "discount on massage, yoga, code 97124: percent 25% -> 30%"),
        ("plan", "[massage, yoga], c", "[massage], c", "discount on massage, code 97124: therapies - yoga"),
        ("plan", "title: Evidence of c", "title: C", "source eoc: title Evidence of coverage -> Coverage"),
        ("plan", "hsa_qualified: no", "illustrative: yes", "illustrative no -> yes"),
        ("plan", "next: 2099-01-01", "next: 2098-01-01", "next review 2099-01-01 -> 2098-01-01"),
        ("plan", "{starts: 07-01}", "calendar_year", "benefit period starting 07-01 -> calendar year"),
        ("plan", "notes: Invented.\n", "", "notes removed: Invented."),
        ("plan", "patient: $40.00", "patient: $41.00", "test 'two visits': expected patient 40.00 -> 41.00"),
        # fees and catalog
        ("fees", '"97810": $48.00', '"97810": $52.00', "in network, code 97810: allowed amount 48.00 -> 52.00"),
        ("fees", ', "97811": $36.00', "", "in network, code 97811: allowed amount removed: 36.00"),
        ("fees", "80% of charge", "85% of charge", "in network: otherwise 80% of charge -> 85% of charge"),
        ("catalog", "icd10: [M54.5]", "icd10: [M54.5, M54.6]", "condition back-pain: icd10 + M54.6"),
        (
            "catalog",
            "  yoga:",
            "  tai-chi: {codes: [S9451]}\n  yoga:",
            "therapy tai-chi: added: name tai-chi; codes S9451",
        ),
        ("catalog", "typical: $110", "typical: $115.50", "therapy acupuncture: typical charge 110.00 -> 115.50"),
        ("catalog", "licensed: [WA, OR]", "licensed: [WA]", "licensure of massage-therapist: licensed - OR"),
    ],
)
def test_each_change_has_its_sentence(file: str, old: str, new: str, expected: str) -> None:
    assert told(rule_set(), changed(file, (old, new))) == [f"{HEADS[file]}{expected}"]


def test_a_shorter_edition_goes_by_its_new_name() -> None:
    assert told(rule_set(), changed("plan", ("to: 2026-12-31", "to: 2026-06-30"))) == [
        "every-plan 2026-01-01 to 2026-06-30: effective 2026-01-01 to 2026-12-31 -> 2026-01-01 to 2026-06-30"
    ]


def test_a_tier_that_a_benefit_no_longer_covers() -> None:
    covered = "    out_of_network:\n      member_pays: [deductible, {coinsurance: 20%}]\n"
    assert told(rule_set(), changed("plan", (covered, "    out_of_network: not_covered\n"))) == [
        "every-plan 2026: acupuncture, out of network: covered -> not covered",
        "every-plan 2026: acupuncture, out of network: member pays removed: deductible, then 20%",
    ]


def test_a_test_of_another_name_is_another_test() -> None:
    assert told(rule_set(), changed("plan", ("name: two visits", "name: three visits"))) == [
        "every-plan 2026: test 'three visits': added",
        "every-plan 2026: test 'two visits': removed",
    ]


def test_a_change_knows_where_it_stands_in_each_version() -> None:
    after = changed(
        "plan", ("name: Every Plan", "name: Every Plan   # renamed?\n\n"), ("copay: $30 per", "copay: $4 per")
    )
    (change,) = differences(rule_set(), after)
    line = next(number for number, text in enumerate(PLAN.splitlines(), 1) if "copay: $30" in text)
    column = PLAN.splitlines()[line - 1].index("{copay") + 1
    assert (str(change.at_before), str(change.at_after)) == (
        f"plan.yaml:{line}:{column}",
        f"plan.yaml:{line + 2}:{column}",
    )
    assert change == Change(
        kind=ChangeKind.CHANGED,
        document="plan",
        id="every-plan",
        edition="2026",
        subject="acupuncture, in network",
        field="copay afterwards",
        before="30.00",
        after="4.00",
        at_before=change.at_before,
        at_after=change.at_after,
        benefit="acupuncture",
    )


def test_what_a_set_gains_points_at_the_new_word() -> None:
    (change,) = differences(rule_set(), changed("catalog", ("icd10: [M54.5]", "icd10: [M54.5, M54.6]")))
    assert (change.before, change.after) == ("M54.5", "M54.5, M54.6")
    assert (change.members_added, change.members_removed) == (("M54.6",), ())
    assert change.at_after is not None
    assert CATALOG.splitlines()[change.at_after.line - 1].index("M54.5") + 8 == change.at_after.column


def test_a_new_benefit_is_one_change_that_says_all_of_it() -> None:
    benefit = "  yoga: {therapies: [yoga], in_network: {member_pays: nothing}, cite: eoc p.9}\n"
    (change,) = differences(rule_set(), changed("plan", ("exclusions:\n", f"{benefit}exclusions:\n")))
    assert str(change) == (
        "every-plan 2026: yoga: benefit added: therapies yoga; cite eoc p.9; in network: member pays nothing"
    )
    assert (change.kind, change.before, change.at_before) == (ChangeKind.ADDED, None, None)


# Orders


def test_a_change_knows_the_benefit_in_which_it_lies() -> None:
    """Also where the part of it is new, or one of its tiers differs; a sum of the plan lies in none."""
    after = changed(
        "plan",
        ("copay: $30 per", "copay: $4 per"),
        ("individual: $5000.00, family: $9000.00", "individual: $4000.00, family: $9000.00"),
        (
            "exclusions:\n",
            "  calm: {therapies: [reiki], in_network: {member_pays: nothing}, cite: eoc p.2}\nexclusions:\n",
        ),
    )
    found = {(each.benefit, each.subject) for each in differences(rule_set(), after)}
    assert found == {("acupuncture", "acupuncture, in network"), ("", "oop_max"), ("calm", "calm")}


def test_order_of_benefits_is_reported() -> None:
    head, acupuncture, massage, tail = _cut(PLAN, "  acupuncture:\n", "  massage:\n    th", "exclusions:\n")
    swapped = rule_set(plan=head + massage + acupuncture + tail)
    assert told(rule_set(), swapped) == [
        "every-plan 2026: order of benefits acupuncture, then massage -> massage, then acupuncture"
    ]
    tiers = _cut(PLAN, "  out_of_network:\n    {ded", "  wider_network: {ded", "limits:\n")
    swapped = rule_set(plan=tiers[0] + tiers[2] + tiers[1] + tiers[3])
    out, wider = "out of network", "wider network"
    assert told(rule_set(), swapped) == [f"every-plan 2026: order of tiers {out}, then {wider} -> {wider}, then {out}"]


def test_order_of_accounts_decides_which_pays_first() -> None:
    hra, card = _cut(PLAN, "  hra:\n", "  flex-card: {", "benefits:\n  acu")[1:3]
    swapped = changed("plan", (hra + card, card + hra))
    assert told(rule_set(), swapped) == [
        "every-plan 2026: order of accounts hra, then flex-card -> flex-card, then hra"
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "plan",
            "[referral, {prior_authorization: {penalty: 50%, after: 12 visits}}]",
            "[{prior_authorization: {penalty: 50%, after: 12 visits}}, referral]",
            f"requirements {REFERRAL}, then {AUTHORIZATION} -> {AUTHORIZATION}, then {REFERRAL}",
        ),
        (
            "plan",
            "      - pool\n      - {id: visits, allow: 12 visits, per: benefit_period, cite: eoc p.2}\n",
            "      - {id: visits, allow: 12 visits, per: benefit_period, cite: eoc p.2}\n      - pool\n",
            "limits limit pool, then limit visits -> limit visits, then limit pool",
        ),
    ],
)
def test_another_order_of_judgment_is_reported(file: str, old: str, new: str, expected: str) -> None:
    assert told(rule_set(), changed(file, (old, new))) == [f"every-plan 2026: acupuncture: order of {expected}"]


def test_order_of_exclusions_and_discounts_is_reported() -> None:
    first, second = PLAN[PLAN.index("  - {therapies: [reiki], c") : PLAN.index("otherwise: not")].splitlines()
    swapped = changed("plan", (f"{first}\n{second}\n", f"{second}\n{first}\n"))
    reiki, yoga = "exclusion of reiki, code 97811", "exclusion of yoga"
    assert told(rule_set(), swapped) == [
        f"every-plan 2026: order of exclusions {reiki}, then {yoga} -> {yoga}, then {reiki}"
    ]
    first, second = PLAN[PLAN.index("  - {therapies: [massage, yoga], c") : PLAN.index("tests:")].splitlines()
    swapped = changed("plan", (f"{first}\n{second}\n", f"{second}\n{first}\n"))
    massage, reiki = "discount on massage, yoga, code 97124", "discount on reiki"
    assert told(rule_set(), swapped) == [
        f"every-plan 2026: order of discounts {massage}, then {reiki} -> {reiki}, then {massage}"
    ]


def _cut(text: str, *marks: str) -> list[str]:
    """The text before the first mark, then from each mark on."""
    places = [0, *(text.index(mark) for mark in marks), len(text)]
    return [text[start:end] for start, end in pairwise(places)]


def test_a_new_benefit_between_others_changes_no_order() -> None:
    benefit = "  yoga: {therapies: [yoga], in_network: {member_pays: nothing}, cite: eoc p.9}\n"
    changes = told(rule_set(), changed("plan", ("  massage:\n    th", f"{benefit}  massage:\n    th")))
    assert len(changes) == 1


# What is no difference


def test_layout_comments_and_file_names_are_no_difference() -> None:
    texts = {f"moved/{name}": f"# a comment\n{format_text(text)}\n" for name, text in TEXTS.items()}
    assert differences(rule_set(), rules_in(texts)) == ()


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("plan", "conditions: [back-pain]\n      icd10: [M25]\n", "icd10: [M25]\n      conditions: [back-pain]\n"),
        ("plan", "[acupuncturist, physician]", "[physician, acupuncturist]"),
        ("plan", "{deductible: $100.00, visits: 3 visits}", "{visits: 3 visits, deductible: $100.00}"),
        ("fees", '{"97810": $48.00, "97811": $36.00}', '{"97811": $36, "97810": $48}'),
        ("catalog", "[WA, OR]", "[OR, WA]"),
        ("plan", "hsa_qualified: no\n", ""),
    ],
)
def test_order_without_a_meaning_is_no_difference(file: str, old: str, new: str) -> None:
    assert differences(rule_set(), changed(file, (old, new))) == ()


def test_accumulators_and_fee_tiers_have_no_order() -> None:
    cut = _cut(PLAN, "  oon_deductible: {kind", "  oop_max: {kind", "tiers:\n")
    assert differences(rule_set(), rule_set(plan=cut[0] + cut[2] + cut[1] + cut[3])) == ()
    cut = _cut(FEES, "  in_network:\n", "  out_of_network:")
    assert differences(rule_set(), rule_set(fees=cut[0] + cut[2] + cut[1])) == ()


# Documents and editions


def test_added_and_removed_documents_are_one_change_each() -> None:
    without = rules_in({"catalog.yaml": CATALOG})
    added = [
        "every-plan 2026: plan added: Every Plan",
        "pain from 2024-01-01: policy added",
        "fees-2026 2026: fees added",
    ]
    assert told(without, rule_set()) == added
    assert told(rule_set(), without) == [each.replace("added", "removed") for each in added]


def _editions(*years: int) -> RuleSet:
    """A plan of one page, an edition for each year."""
    text = PLAN[: PLAN.index("benefit_period")] + "tiers: {near: {above_allowed: member}}\notherwise: not_covered\n"
    return rules_in({"catalog.yaml": CATALOG} | {f"{year}.yaml": text.replace("2026-", f"{year}-") for year in years})


def test_editions_are_matched_by_their_first_day() -> None:
    assert told(_editions(2025, 2026), _editions(2025, 2026, 2027)) == ["every-plan 2027: edition added: Every Plan"]
    assert told(_editions(2025, 2026), _editions(2026, 2027)) == [
        "every-plan 2025: edition removed: Every Plan",
        "every-plan 2027: edition added: Every Plan",
    ]


def test_editions_that_share_no_first_day_are_matched_by_days_in_common_then_in_order() -> None:
    (change,) = differences(changed("plan", ("from: 2026-01-01", "from: 2026-02-01")), rule_set())
    assert str(change) == "every-plan 2026: effective 2026-02-01 to 2026-12-31 -> 2026-01-01 to 2026-12-31"
    assert told(_editions(2025), _editions(2026)) == [
        "every-plan 2026: effective 2025-01-01 to 2025-12-31 -> 2026-01-01 to 2026-12-31"
    ]


def test_editions_are_named_by_their_days() -> None:
    open_ended = changed("catalog", ("from: 2024-01-01", "from: 2024-03-01"))
    (change,) = differences(rule_set(), open_ended)
    assert change.edition == "from 2024-03-01"


# Nameless rules and tests


def test_of_two_exclusions_of_one_therapy_the_one_taken_out_is_told() -> None:
    line = "  - {therapies: [yoga], cite: eoc p.4}\n"
    twice = changed("plan", (line, "  - {therapies: [yoga], when: {ages: {max: 17}}, cite: eoc p.4}\n" + line))
    assert told(twice, rule_set()) == [
        "every-plan 2026: exclusion of yoga: removed: therapies yoga; ages up to 17; cite eoc p.4"
    ]


def test_a_test_that_changes_in_several_places_is_one_change() -> None:
    after = changed("plan", ("patient: $40.00", "patient: $41.00"), ("plan_paid: $10.00", "plan_paid: $9.00"))
    assert told(rule_set(), after) == ["every-plan 2026: test 'two visits': changed"]


def test_long_texts_show_only_what_differs() -> None:
    words = " ".join(f"word{number}" for number in range(60))
    before = changed("plan", ("notes: Invented.", f"notes: {words}"))
    after = changed("plan", ("notes: Invented.", f"notes: {words.replace('word30', 'other')}"))
    (change,) = differences(before, after)
    assert change.sentence == "notes ... word29 word30 word31 ... -> ... word29 other word31 ..."
    assert change.before == words


# For any rules


def _rules(scenario: Scenario) -> RuleSet:
    return rules_in(scenario.documents)


@drawn(draw_scenario, examples=60)
def test_another_layout_is_no_difference(scenario: Scenario) -> None:
    rules = _rules(scenario)
    assert differences(rules, rules) == ()
    assert differences(replace(rules, texts={}), rules) == ()
    again = load_texts({f"other/{name}": f"\n{format_text(text)}" for name, text in scenario.documents.items()})
    assert again.rules is not None
    assert differences(rules, again.rules) == ()


@drawn(lambda dice: (draw_scenario(dice), draw_scenario(dice)), examples=60)
def test_both_directions_report_the_same_changes(two: tuple[Scenario, Scenario]) -> None:
    before, after = map(_rules, two)
    forth, back = differences(before, after), differences(after, before)
    assert sorted(map(_facts, forth)) == sorted(map(_facts, map(_mirrored, back)))
    assert all(change.before != change.after or change.members_added for change in forth)


_OPPOSITE = {
    ChangeKind.ADDED: ChangeKind.REMOVED,
    ChangeKind.REMOVED: ChangeKind.ADDED,
    ChangeKind.CHANGED: ChangeKind.CHANGED,
}


def _mirrored(change: Change) -> Change:
    """The change in the other direction."""
    return replace(
        change,
        kind=_OPPOSITE[change.kind],
        before=change.after,
        after=change.before,
        at_before=change.at_after,
        at_after=change.at_before,
        members_added=change.members_removed,
        members_removed=change.members_added,
    )


def _facts(change: Change) -> str:
    """All that a change says but the edition, which goes by the name that it has in the version after."""
    return repr(replace(change, edition=""))
