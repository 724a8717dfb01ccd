"""How a check declares what it can find and reports where it found it: the one seam to `rulebook.diagnostics`."""

from __future__ import annotations

from dataclasses import dataclass

from camcover.rulebook.diagnostics import Diagnostic, Severity, declare
from camcover.rulebook.records import Place

__all__ = ["FaultKind", "Severity", "declare_fault"]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A declared kind of fault."""

    code: str
    severity: Severity

    def at(self, place: Place, message: str, hint: str) -> Diagnostic:
        """The fault at `place`: the message, and what to do."""
        return Diagnostic(code=self.code, severity=self.severity, at=place, message=message, hint=hint)


def declare_fault(code: str, severity: Severity, meaning: str, remedy: str) -> FaultKind:
    """Enter a code with its documented meaning and remedy, and return what reports it."""
    declare(code, severity, meaning, remedy)
    return FaultKind(code, severity)
