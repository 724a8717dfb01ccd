"""Telling: the kernel's ledger back to an `Estimate`: amounts, reasons, X12 adjustments, words, the state after it."""
