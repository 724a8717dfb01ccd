"""What papers alone say: the id of each sentence, with the names of its arguments; `words.py` takes them in."""

from __future__ import annotations

__all__ = ["PAPER_NAMES"]

PAPER_NAMES = """
letter-title
letter-about
letter-made day
letter-until day
letter-lead
letter-state
letter-range low high
letter-have
letter-ask
letter-what
letter-without
letter-more amount
letter-same
letter-unknown
letter-visits
letter-numbers first last
letter-days
letter-days-in year
letter-sum
letter-how
letter-run-each run days amount
letter-run-one run days amount
letter-steps-left
letter-told
letter-assumed
letter-age
letter-birth-date
letter-count count
letter-charge amount
summary-title
summary-about
summary-lead
summary-patient
summary-plan
summary-care
summary-for
summary-schedule
summary-by
summary-covered
summary-approvals
summary-no-approvals
summary-has
summary-wanted
summary-patient-more amount
summary-cost
summary-patient-pays
summary-plan-pays
summary-range low high
summary-exact
gfe-title
gfe-lead
gfe-service
gfe-code
gfe-diagnosis
gfe-charge
gfe-typical
gfe-provider
gfe-name
gfe-npi
gfe-tin
gfe-place
gfe-separate
gfe-separate-text
gfe-separate-line
gfe-rights
gfe-more
gfe-only
gfe-dispute
gfe-contract
"""
