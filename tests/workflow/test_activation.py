"""What is active: activated, scheduled, rolled back, called off; each decision checked and kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camcover.store import Activation, ActivationKind, AuditLog, Compiled, Ledger, in_force
from camcover.workflow.activation import (
    Decision,
    activate,
    active_release,
    cancel,
    clock_warning,
    roll_back,
    switch_four_eyes,
)
from camcover.workflow.errors import (
    ActivationPast,
    ActiveReleaseChanged,
    FourEyesNeeded,
    NothingToReturnTo,
    ReleaseUnusable,
    SecondPersonNeeded,
    UnknownActivation,
    UnknownRelease,
)

BOB = Decision("bob", "because")
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_releases_are_activated_and_rolled_back_in_turn(releases: Any) -> None:
    first, second, third = releases.ids
    store, rules = releases.store, releases.rules
    assert active_release(store) is None
    for release in (first, second, third):
        activate(rules, release, BOB)
        assert active_release(store) == release
    back = roll_back(rules, BOB)
    assert (back.kind, back.release_id, back.from_release) == (ActivationKind.ROLLBACK, second, third)
    assert active_release(store) == second
    roll_back(rules, BOB)
    assert active_release(store) == first
    with pytest.raises(NothingToReturnTo):
        roll_back(rules, BOB)
    activate(rules, third, BOB)
    roll_back(rules, BOB)
    assert active_release(store) == first
    AuditLog(releases.database).verify()
    actions = [each.action for each in AuditLog(releases.database).entries()]
    assert actions == ["publish"] * 3 + ["activate"] * 3 + ["rollback"] * 2 + ["activate", "rollback"]


def test_what_is_active_already_stays_by_the_decision_that_made_it(releases: Any) -> None:
    made = activate(releases.rules, releases.ids[0], BOB)
    again = activate(releases.rules, releases.ids[0], Decision("eve", "again"))
    assert again == made
    with releases.store.reading() as ledger:
        assert len(ledger.activations()) == 1


def test_a_scheduled_activation_holds_from_its_time_on(releases: Any) -> None:
    first, second, _ = releases.ids
    activate(releases.rules, first, BOB)
    at = datetime.now(UTC) + timedelta(days=30)
    decided = activate(releases.rules, second, BOB, at)
    assert decided.effective_at == at
    assert active_release(releases.store) == first
    with releases.store.reading() as ledger:
        activations = ledger.activations()
    assert in_force(activations, at - timedelta(seconds=1)) == [first]
    assert in_force(activations, at) == [first, second]


def test_a_scheduled_activation_can_be_called_off_once_and_before_its_time(releases: Any) -> None:
    first, second, _ = releases.ids
    done = activate(releases.rules, first, BOB)
    at = datetime.now(UTC) + timedelta(days=30)
    planned = activate(releases.rules, second, BOB, at)
    assert cancel(releases.store, planned.id, BOB).is_cancelled
    with releases.store.reading() as ledger:
        assert in_force(ledger.activations(), at) == [first]
    with pytest.raises(ActivationPast, match="has already been called off"):
        cancel(releases.store, planned.id, BOB)
    with pytest.raises(ActivationPast, match=r"took effect on .* UTC; roll back instead"):
        cancel(releases.store, done.id, BOB)
    with pytest.raises(UnknownActivation, match="no activation '99'"):
        cancel(releases.store, 99, BOB)


def test_four_eyes_needs_a_second_person(releases: Any) -> None:
    """Ana published all: she may not activate, bob may; anyone may roll back."""
    first, second, _ = releases.ids
    ana = Decision("ana", "mine")
    with releases.store.writing() as ledger:
        ledger.set_four_eyes("boss", is_on=True)
    with pytest.raises(FourEyesNeeded, match=f"ana published {first}; another person must activate it"):
        activate(releases.rules, first, ana)
    assert active_release(releases.store) is None
    activate(releases.rules, first, BOB)
    activate(releases.rules, second, BOB)
    roll_back(releases.rules, ana)
    assert active_release(releases.store) == first
    with releases.store.writing() as ledger:
        ledger.set_four_eyes("boss", is_on=False)
    activate(releases.rules, second, ana)
    assert active_release(releases.store) == second


def test_two_people_switch_four_eyes_off(releases: Any) -> None:
    """Ana asks; until bob agrees they are on. Somebody who says on again takes the asking back."""
    store, (first, _, _) = releases.store, releases.ids
    assert switch_four_eyes(store, "ana", is_on=False) is False
    assert switch_four_eyes(store, "ana", is_on=True) is True
    assert switch_four_eyes(store, "ana", is_on=False) is True
    with pytest.raises(SecondPersonNeeded, match="ana asked to switch four eyes off; somebody else has to agree"):
        switch_four_eyes(store, "ana", is_on=False)
    with pytest.raises(FourEyesNeeded):
        activate(releases.rules, first, Decision("ana", "mine"))
    assert switch_four_eyes(store, "cy", is_on=True) is True
    assert switch_four_eyes(store, "bob", is_on=False) is True
    assert switch_four_eyes(store, "ana", is_on=False) is False
    activate(releases.rules, first, Decision("ana", "mine"))
    assert active_release(store) == first


@pytest.mark.parametrize("spelling", ["Ana", "ANA", "\uff41na", " ana "])
def test_another_spelling_of_a_name_is_no_second_person(releases: Any, spelling: str) -> None:
    """Ana published all and asks for the end of four eyes: neither goes on by her name in other letters."""
    store, (first, _, _) = releases.store, releases.ids
    switch_four_eyes(store, "boss", is_on=True)
    with pytest.raises(FourEyesNeeded, match=f"ana published {first}"):
        activate(releases.rules, first, Decision(spelling, "mine"))
    switch_four_eyes(store, "ana", is_on=False)
    with pytest.raises(SecondPersonNeeded):
        switch_four_eyes(store, spelling, is_on=False)
    assert active_release(store) is None
    activate(releases.rules, first, Decision("anab", "another person"))


def test_a_decision_on_an_outdated_state_is_refused(releases: Any) -> None:
    first, second, third = releases.ids
    activate(releases.rules, first, BOB)
    with pytest.raises(ActiveReleaseChanged, match=f"expected {second} to be active; found {first}"):
        activate(releases.rules, third, BOB._replace(expected=second))
    activate(releases.rules, second, BOB)
    with pytest.raises(ActiveReleaseChanged):
        roll_back(releases.rules, BOB._replace(expected=third))
    assert active_release(releases.store) == second


def test_of_several_decisions_on_one_state_one_succeeds(releases: Any) -> None:
    first, second, third = releases.ids
    activate(releases.rules, first, BOB)

    def decide(number: int) -> bool:
        try:
            release = (second, third)[number % 2]
            activate(releases.rules, release, Decision(f"user {number}", "race", first))
        except ActiveReleaseChanged:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(decide, range(8))) == 1
    AuditLog(releases.database).verify()


def test_a_release_that_does_not_compile_never_becomes_active(releases: Any) -> None:
    """Its tables are of no version, and a file of it has an error that this version finds."""
    first, second, _ = releases.ids
    activate(releases.rules, first, BOB)
    with releases.store.writing() as ledger:
        release = ledger.release(second)
        assert release is not None
        files = releases.rules.files(second)
        broken = files | {"copay.yaml": files["copay.yaml"].replace(b"requires: [referral]", b"requires: [a letter]")}
        unusable = release._replace(id=f"rules-{'0' * 16}", digest="0" * 64)
        ledger.add_release(unusable, broken, Compiled("of no version", b"no tables"))
    with pytest.raises(ReleaseUnusable, match=r"rules-0000000000000000 cannot be used: copay.yaml:17:16:"):
        activate(releases.rules, unusable.id, BOB)
    assert active_release(releases.store) == first
    with pytest.raises(UnknownRelease):
        activate(releases.rules, "rules-none", BOB)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.booleans(), st.booleans()), max_size=12))
def test_the_last_activation_not_rolled_back_is_in_force(steps: list[Any]) -> None:
    """A plain reading of the rule: keep a list, add to it, cut it."""
    stack: list[str] = []
    activations: list[Activation] = []
    for number, (release, is_back, is_cancelled, is_future) in enumerate(steps):
        at = NOW + timedelta(days=1 if is_future else -1)
        chosen = stack[-2] if is_back and len(stack) > 1 else release
        kind = ActivationKind.ROLLBACK if is_back and len(stack) > 1 else ActivationKind.ACTIVATE
        activations.append(Activation(number, kind, chosen, None, "ana", "", NOW, at, is_cancelled=is_cancelled))
        if is_cancelled or is_future:
            continue
        if kind is ActivationKind.ROLLBACK:
            del stack[-1:]
        elif stack[-1:] != [release]:
            stack.append(release)
    assert in_force(activations, NOW) == stack


class Clock:
    """A clock to set: hours from now."""

    def __init__(self) -> None:
        """Right."""
        self.hours = 0

    def now(self, _: object = None) -> datetime:
        """What it shows."""
        return datetime.now(UTC) + timedelta(hours=self.hours)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which decisions are made."""
    found = Clock()
    monkeypatch.setattr(Ledger, "now", found.now)
    return found


@pytest.mark.parametrize("hours", [24, -24])
def test_a_wrong_clock_undoes_no_later_decision(releases: Any, clock: Clock, hours: int) -> None:
    """Ahead at the first decision, or behind at the second; then right, and right a day later."""
    first, second, _ = releases.ids
    clock.hours = max(hours, 0)
    activate(releases.rules, first, BOB)
    assert active_release(releases.store) == first
    clock.hours = min(hours, 0)
    activate(releases.rules, second, BOB)
    for now in (min(hours, 0), 0, 25):
        clock.hours = now
        assert active_release(releases.store) == second
    clock.hours = 0
    roll_back(releases.rules, BOB)
    assert active_release(releases.store) == first
    clock.hours = 25
    assert active_release(releases.store) == first


def test_an_immediate_decision_by_a_fast_clock_holds_at_once(releases: Any, clock: Clock) -> None:
    """It was active when it was decided; the clock set right does not take it back, nor can it be called off."""
    clock.hours = 24
    made = activate(releases.rules, releases.ids[0], BOB)
    clock.hours = 0
    assert active_release(releases.store) == releases.ids[0]
    assert activate(releases.rules, releases.ids[0], Decision("eve", "again")) == made
    with pytest.raises(ActivationPast, match="roll back instead"):
        cancel(releases.store, made.id, BOB)


def test_a_scheduled_time_that_was_decided_later_holds_behind_a_clock_ahead(releases: Any, clock: Clock) -> None:
    first, second, third = releases.ids
    clock.hours = 24
    activate(releases.rules, first, BOB)
    clock.hours = 0
    activate(releases.rules, second, BOB)
    activate(releases.rules, third, BOB, clock.now() + timedelta(hours=12))
    for now, active in ((0, second), (11, second), (13, third), (25, third)):
        clock.hours = now
        assert active_release(releases.store) == active


def test_a_clock_behind_the_newest_decision_is_told(releases: Any, clock: Clock) -> None:
    assert clock_warning(releases.store) == ""
    clock.hours = 24
    made = activate(releases.rules, releases.ids[0], BOB)
    assert clock_warning(releases.store) == ""
    clock.hours = 0
    assert f"activation {made.id} was decided later, on" in clock_warning(releases.store)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-48, 48)), min_size=1, max_size=8))
def test_of_decisions_made_at_once_the_last_one_is_in_force_by_any_clock(made: list[tuple[str, int]]) -> None:
    """Each by a clock of its own; whatever a clock shows that looks at them."""
    activations = [
        Activation(number, ActivationKind.ACTIVATE, release, None, "ana", "", at, at)
        for number, (release, hours) in enumerate(made)
        for at in [NOW + timedelta(hours=hours)]
    ]
    for look in (-100, 0, 100):
        assert in_force(activations, NOW + timedelta(hours=look))[-1] == made[-1][0]
        assert in_force(reversed(activations), NOW + timedelta(hours=look))[-1] == made[-1][0]
