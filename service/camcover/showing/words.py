"""What pages and papers say: the id of each sentence, with the names of its arguments. `locales/` has the words."""

from __future__ import annotations

from collections.abc import Mapping

from camcover.messages import Sentence, sentence
from camcover.showing.paper_words import PAPER_NAMES

__all__ = ["WORDS"]

_NAMES = """
web-skip
web-nav
web-nav-cost
web-nav-coverage
web-nav-compare
web-nav-help
web-unreviewed
web-foot-phone
web-foot-kept
web-foot-help
web-start-title
web-start-lead
web-start-questions
web-start-button
web-start-unknown
web-start-coverage
web-start-compare
web-start-help
web-plan
web-choose
web-unknown
web-find
web-find-button
web-find-more count
web-therapy
web-therapy-short
web-condition
web-condition-hint
web-faults count
web-item number
web-visits
web-less
web-more
web-minutes
web-minutes-hint
web-minutes-of count
web-every
web-every-1
web-every-2
web-every-3
web-every-7
web-every-14
web-every-21
web-every-28
web-details
web-first
web-charge
web-charge-hint
web-practitioner
web-tier
web-remove number
web-add
web-plan-title
web-plan-lead
web-care
web-again
web-age
web-state
web-sums
web-sums-hint
web-sum-deductible
web-sum-deductible-of-several name
web-sum-maximum
web-sum-maximum-of-several name
web-sum-most amount
web-price
web-to-compare
web-result
web-you-would-pay
web-total-of count charge
web-covered-of covered visits
web-covered-short covered visits
web-split
web-share-you
web-share-plan
web-share-others
web-share-discount
web-exact
web-range low high
web-range-why count
web-range-low amount
web-range-high amount
web-range-low-expected amount
web-range-high-expected amount
web-range-alone
web-range-low-alone amount
web-range-high-alone amount
web-range-together
web-range-widened
web-adds-up
web-charge-short
web-all
web-identity charge
web-todo
web-todo-done done all
web-todo-hint
web-todo-noscript
web-approval therapy approval
web-worth amount
web-worth-nothing
web-worth-unknown
web-months
web-month
web-month-not-covered therapy
web-as-table
web-others
web-others-hint
web-other-without therapy approval
web-other-tier therapy tier
web-other-deductible
web-visit-by-visit
web-visit-number number
web-visits-numbers first last
web-each amount
web-why-amount amount
web-rule
web-of-charge charge
web-part-deductible amount
web-part-copay amount
web-part-coinsurance amount
web-part-penalty amount
web-part-balance-bill amount
web-part-not-covered amount
web-part-nothing
web-know
web-illustrative
web-sources
web-release release day
web-change
web-no-answer
web-assumed-sum accumulator expected maximum
web-assumed-no-sum accumulator maximum
web-error-plan
web-error-therapy
web-error-choice
web-error-date
web-error-visits most
web-error-amount
web-error-age most
web-error-at-most amount
web-error-check
web-not-found-title
web-not-found
web-busy-title
web-busy
web-no-rules-title
web-no-rules
web-wrong-form-title
web-wrong-form
web-before
web-before-hint
web-before-no
web-before-yes
web-used-visits name
web-used-units name
web-used-money name
web-error-number
web-law law
web-coverage-title
web-coverage-lead
web-coverage-button
web-coverage-yes
web-coverage-no
web-coverage-question therapy plan day
web-coverage-pay
web-then
web-coverage-limits
web-coverage-needs
web-coverage-accounts
web-coverage-price
web-day
web-not-in-network
web-compare-title
web-compare-lead
web-compare-plans
web-compare-button
web-compare-nothing-paid
web-compare-range
web-compare-expected
web-compare-covered
web-compare-premium
web-compare-year
web-compare-marks
web-compare-cheapest
web-compare-cannot
web-compare-care
web-error-plans
web-months-of
web-no-answer-coverage
web-no-answer-compare
web-help-title
web-help-how
web-help-how-1
web-help-how-2
web-help-how-3
web-help-how-4
web-help-words
web-word-premium
web-word-premium-text
web-word-deductible
web-word-deductible-text
web-word-copay
web-word-copay-text
web-word-coinsurance
web-word-coinsurance-text
web-word-maximum
web-word-maximum-text
web-word-allowed
web-word-allowed-text
web-word-network
web-word-network-text
web-word-authorization
web-word-authorization-text
web-word-referral
web-word-referral-text
web-word-limit
web-word-limit-text
web-help-privacy
web-help-privacy-text
web-help-shared
web-help-language
web-help-language-text
web-help-access
web-help-access-text
web-help-source
web-help-source-text
web-error-not-in-force
web-embed-title
web-embed-more
web-element-wait
web-element-again
web-element-not-set
web-element-refused
web-element-failed
web-tax-eligible
web-tax-with-letter
web-tax-not-eligible
web-ways
web-ways-hint
web-ways-button
web-ways-looked count
web-ways-chosen
web-way-save amount
web-way-pay amount
web-way-same
web-way-other
web-way-trade-provider
web-way-trade-place
web-way-trade-later
web-way-trade-self-pay
web-way-use
web-cheaper-title
web-cheaper-lead
web-cheaper-none
web-cheaper-start
web-cheaper-care
web-cheaper-visits count therapy
web-cheaper-change
web-cheaper-may
web-cheaper-tiers
web-cheaper-practitioners
web-cheaper-may-hint
web-cheaper-settings
web-cheaper-setting-office
web-cheaper-setting-clinic
web-cheaper-setting-home
web-cheaper-setting-telehealth
web-cheaper-setting-group
web-cheaper-setting-community
web-cheaper-setting-outpatient-hospital
web-cheaper-later
web-cheaper-later-0
web-cheaper-later-7
web-cheaper-later-14
web-cheaper-later-30
web-cheaper-later-60
web-cheaper-later-90
web-cheaper-order
web-cheaper-self-pay
web-cheaper-self-pay-of therapy
web-cheaper-self-pay-hint
web-cheaper-button
web-cheaper-found
web-cheaper-less amount
web-cheaper-priced count
web-cheaper-expected
web-cheaper-too-many
web-keep
web-keep-hint
web-keep-calendar
web-keep-table
web-calendar-visit therapy amount
web-table-visit
web-table-covered
web-table-why
web-save-button
web-save-hint count
web-saved-title
web-saved-lead day
web-saved-until day
web-saved-bookmark
web-saved-changed
web-saved-same
web-saved-short
web-saved-again
web-saved-delete
web-saved-deleted-title
web-saved-deleted
web-saved-gone-title
web-saved-gone
web-foot-saved
web-help-privacy-saved count
web-keep-letter
web-keep-summary
web-no-papers-title
web-no-papers
web-paper-too-long-title
web-paper-too-long
"""

_SPLIT = (line.split() for line in (_NAMES + PAPER_NAMES).splitlines() if line)

WORDS: Mapping[str, Sentence] = {name: sentence(name, *arguments) for name, *arguments in _SPLIT}
"""Every sentence of the pages by its id."""
