"""What explains the difference between an estimated line and the payer's decision, in parts that add up to it.

No rules are asked again: the two sets of amounts say it. Deductible, copay and coinsurance of the estimate are carried
over to the allowed amount of the payer; what that changes is due to the allowed amount. What then still differs is due
to sums so far, or to the terms. A difference that no part takes is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping

from camcover.exchange.remittances.records import (
    ABOVE_ALLOWED,
    COINSURANCE,
    COPAY,
    DEDUCTIBLE,
    ErrorCause,
    EstimatedLine,
    RemittedLine,
)

__all__ = ["Explaining"]

_ROUNDING_CENTS = 1
_EVEN_CENTS = 500
"""Copays are written in steps of five dollars; what is left below a maximum mostly is not."""

_EVEN_BASIS_POINTS = 500


class Explaining:
    """Explains the lines of one estimate, in its order.

    A line that takes less of a deductible than estimated leaves more of it to the next ones. So what an allowed amount,
    a denial or a limit changed of the deductible is kept, and explains what follows from it on later lines.
    """

    def __init__(self, *, is_capped: bool) -> None:
        """`is_capped`: as of `EstimatedCare`."""
        self._is_capped = is_capped
        self._moved: dict[ErrorCause, int] = {}

    def causes(self, estimated: EstimatedLine, line: RemittedLine) -> dict[ErrorCause, int]:
        """The parts of the error by cause, cents, which add up to it; none where there is no error."""
        error = line.patient() - estimated.share_cents
        whole = self._whole_cause(estimated, line, error)
        if whole is not None:
            self._move(whole, line.patient(DEDUCTIBLE) - estimated.deductible_cents)
            return {whole: error} if error else {}
        parts = _ErrorParts(estimated, line, is_capped=self._is_capped, moved=self._moved)
        found = parts.found()
        for cause, cents in parts.moved_here.items():
            self._move(cause, cents)
        rest = error - sum(found.values())
        if rest:
            found[ErrorCause.UNKNOWN] = found.get(ErrorCause.UNKNOWN, 0) + rest
        return {cause: cents for cause, cents in found.items() if cents} if error else {}

    def _move(self, cause: ErrorCause, cents: int) -> None:
        self._moved[cause] = self._moved.get(cause, 0) + cents

    @staticmethod
    def _whole_cause(estimated: EstimatedLine, line: RemittedLine, error: int) -> ErrorCause | None:
        """The cause of a line that one side does not cover as a whole; None: both cover it."""
        if line.is_denied or not estimated.is_covered:
            return _of_coverage(estimated, line, error)
        if line.limited_cents:
            return ErrorCause.LIMIT
        return ErrorCause.COVERAGE if line.denied_cents else None


def _of_coverage(estimated: EstimatedLine, line: RemittedLine, error: int) -> ErrorCause:
    """The cause where the estimate or the payer covers nothing."""
    if line.is_denied != estimated.is_covered:  # both refuse it
        is_charge = error == line.charge_cents - estimated.charge_cents
        return ErrorCause.CHARGE if is_charge else ErrorCause.COVERAGE
    is_limit = line.limited_cents > 0 if line.is_denied else estimated.is_limit
    return ErrorCause.LIMIT if is_limit else ErrorCause.COVERAGE


class _ErrorParts:
    """Works out the parts of a line that both cover."""

    def __init__(
        self, estimated: EstimatedLine, line: RemittedLine, *, is_capped: bool, moved: Mapping[ErrorCause, int]
    ) -> None:
        self._was, self._line, self._is_capped, self._moved = estimated, line, is_capped, moved
        self.moved_here: dict[ErrorCause, int] = {}
        self._allowed = line.allowed_cents
        self._deductible, self._copay, self._coinsurance = map(line.patient, (DEDUCTIBLE, COPAY, COINSURANCE))
        self._parts: dict[ErrorCause, int] = {}

    def found(self) -> dict[ErrorCause, int]:
        """The parts."""
        if self._is_met():
            paid = self._deductible + self._copay + self._coinsurance
            was = self._was.deductible_cents + self._was.copay_cents + self._was.coinsurance_cents
            self._add(ErrorCause.ACCUMULATORS, paid - was)
        else:
            carried = self._of_deductible()
            self._of_copay()
            self._of_coinsurance(carried)
        self._of_balance_bill()
        return self._parts

    def _add(self, cause: ErrorCause, cents: int) -> None:
        self._parts[cause] = self._parts.get(cause, 0) + cents

    def _is_met(self) -> bool:
        """Whether an out-of-pocket maximum was reached on one side alone."""
        was = self._was.deductible_cents + self._was.copay_cents + self._was.coinsurance_cents
        is_now = self._deductible + self._copay + self._coinsurance
        return (is_now == 0 and was > 0) or (was == 0 and is_now > 0 and self._is_capped)

    def _of_deductible(self) -> int:
        """The deductible of the estimate at the payer's allowed amounts; adds the parts of what was taken."""
        was, now = self._was.deductible_cents, self._deductible
        moved = sum(self._moved.values())
        own = min(was, self._allowed)
        carried = max(min(was - moved, self._allowed), 0)
        if was >= self._was.allowed_cents:
            # The estimate does not say how much was left behind this line: so much as was taken, or more.
            carried = now if carried <= now <= self._allowed else self._allowed
            own = carried
        for cause, cents in ((ErrorCause.ALLOWED, own - was), (self._mover(), carried - own)):
            self._add(cause, cents)
            self.moved_here[cause] = self.moved_here.get(cause, 0) + cents
        self._add(ErrorCause.ACCUMULATORS, now - carried)
        return carried

    def _mover(self) -> ErrorCause:
        """What moved most of the deductible from earlier lines to this one, or away from it."""
        return max(self._moved, key=lambda cause: abs(self._moved[cause]), default=ErrorCause.ALLOWED)

    def _of_copay(self) -> None:
        was, now = self._was.copay_cents, self._copay
        if was == now:
            return
        is_cut_now = now == self._allowed - self._deductible and now < was
        was_cut = was == self._was.allowed_cents - self._was.deductible_cents and was < now <= self._allowed
        if is_cut_now or was_cut:
            cause = ErrorCause.ALLOWED
        elif (now < was and now % _EVEN_CENTS) or (was and was < now and was % _EVEN_CENTS):
            cause = ErrorCause.ACCUMULATORS
        else:
            cause = ErrorCause.TERMS
        self._add(cause, now - was)

    def _of_coinsurance(self, carried: int) -> None:
        was, now = self._was.coinsurance_cents, self._coinsurance
        base = self._was.allowed_cents - self._was.deductible_cents - self._was.copay_cents
        here = self._allowed - self._deductible - self._copay
        if base <= 0 or was == 0:
            # Nothing of the line was left for a coinsurance in the estimate: the deductible had taken all of it.
            met = base <= 0 and self._deductible < carried
            self._add(ErrorCause.ACCUMULATORS if met else ErrorCause.TERMS, now - was)
            return
        expected = (2 * was * max(here, 0) + base) // (2 * base)
        # A share of few cents does not say its percentage exactly: a cent of it is more on a larger amount.
        slack = _ROUNDING_CENTS + max(here, 0) // base
        if abs(now - expected) <= slack:
            at_allowed = (2 * was * max(self._allowed - carried - self._was.copay_cents, 0) + base) // (2 * base)
            at_allowed = now if carried == self._deductible else at_allowed
            self._add(self._mover() if self._is_moved() else ErrorCause.ALLOWED, at_allowed - was)
            self._add(ErrorCause.ACCUMULATORS, now - at_allowed)
            return
        is_even = here > 0 and _is_even(now, here)
        self._add(ErrorCause.ALLOWED, expected - was)
        self._add(ErrorCause.TERMS if is_even else ErrorCause.ACCUMULATORS, now - expected)

    def _is_moved(self) -> bool:
        """Whether earlier lines moved the deductible here, and the allowed amount is the estimate's."""
        return self._allowed == self._was.allowed_cents and any(self._moved.values())

    def _of_balance_bill(self) -> None:
        """What is billed above the allowed amount: by the charge, then by the allowed amount."""
        change = self._line.patient(ABOVE_ALLOWED) - self._was.balance_bill_cents
        if change == 0:
            return
        of_charge = self._line.charge_cents - self._was.charge_cents
        of_allowed = self._was.allowed_cents - self._allowed
        if change == of_charge + of_allowed:
            self._add(ErrorCause.CHARGE, of_charge)
            self._add(ErrorCause.ALLOWED, of_allowed)
        else:
            self._add(ErrorCause.UNKNOWN, change)


def _is_even(part: int, whole: int) -> bool:
    """Whether a part is a percentage in steps of five, as far as cents tell."""
    nearest = round(part * 10_000 / whole / _EVEN_BASIS_POINTS) * _EVEN_BASIS_POINTS
    return nearest > 0 and abs(part - nearest * whole / 10_000) <= _ROUNDING_CENTS
