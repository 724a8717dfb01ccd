"""Options that name a provider: each is judged by one rule, whichever command takes it."""

from __future__ import annotations

from camcover.cli.imported import end
from camcover.exchange.provider_numbers import tax_number
from camcover.exchange.transparency.providers import digits_of
from camcover.npi import is_npi

__all__ = ["checked_npi", "checked_tin"]


def checked_npi(npi: str) -> str:
    """The digits of `--npi`; ends the command where they are no NPI."""
    if not is_npi(npi):
        end(f"--npi {npi!r}: expected an NPI of ten digits, of which the last is its check digit")
    return npi


def checked_tin(tin: str) -> str:
    """The digits of `--tin`; ends the command where they are no tax number.

    In files of payers an NPI may stand in the place of a tax number.
    """
    if not tax_number(tin) and not is_npi(tin):
        end(f"--tin {tin!r}: expected nine digits, or an NPI in their place")
    return digits_of(tin)
