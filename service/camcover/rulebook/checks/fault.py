"""How a check declares what it can find and reports where it found it: the one seam to `rulebook.diagnostics`."""

from __future__ import annotations

from dataclasses import dataclass

from camcover.messages import Message
from camcover.rulebook.diagnostics import Diagnostic, Severity, declare
from camcover.rulebook.records import Place

__all__ = ["FaultKind", "Severity", "declare_fault"]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A declared kind of fault."""

    code: str
    severity: Severity

    def at(self, place: Place, finding: Message, advice: Message) -> Diagnostic:
        """The fault at `place`: what was found, and what to do."""
        return Diagnostic(self.code, self.severity, place, finding, advice)


def declare_fault(code: str, severity: Severity, meaning: str, remedy: str) -> FaultKind:
    """Enter a code with its documented meaning and remedy, and return what reports it."""
    declare(code, severity, meaning, remedy)
    return FaultKind(code, severity)
