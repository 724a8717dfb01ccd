"""A rule set in which every field of every record is given somewhere; invented, for tests that walk the records."""

from __future__ import annotations

from camcover.rulebook import RuleSet, as_text, load_texts

CATALOG = """\
format: camcover/1
kind: catalog
id: cam
name: Catalog
effective: {from: 2024-01-01}
illustrative: yes
reviewed: {on: 2025-10-01, by: rules team, next: 2099-01-01}
notes: Invented.
sources:
  nucc: {title: Taxonomy, url: "https://nucc.example", published: 2025-01-01, retrieved: 2025-02-01}
therapies:
  acupuncture:
    name: Acupuncture
    aliases: [needles]
    codes: ["97810", "97811"]
    visit_codes: ["99203", "97124"]
    practitioners: [acupuncturist, physician]
    service_type: "64"
    typical_charge: {low: $75, typical: $110, high: $150}
    tax_advantaged: eligible
    minutes: {session: 1 hour, codes: {"97810": 15 minutes}}
  massage: {name: Massage, codes: ["97124"], practitioners: [massage-therapist]}
  reiki: {name: Reiki}
  yoga: {name: Yoga}
conditions:
  back-pain: {name: Back pain, icd10: [M54.5]}
  headache: {name: Headache, icd10: [G44, R51]}
practitioners:
  acupuncturist: {name: Acupuncturist, taxonomy: 171100000X, taxonomies: ["1711"]}
  massage-therapist: {name: Massage therapist}
  physician: {name: Physician}
licensure:
  acupuncturist: {unlicensed: [AL]}
  massage-therapist: {licensed: [WA, OR]}
codes:
  "97811":
    {add_on_to: ["97810"], not_with: ["97124"], never_with: ["99203"], unless: distinct_procedure, units_per_day: 3,
     always_therapy: yes}
modifiers:
  AT: {name: Active treatment, attests: [active_treatment], lacks: [rehabilitation], setting: home}
places_of_service: {"11": office}
"""

POLICY = """\
format: camcover/1
kind: policy
id: pain
effective: {from: 2024-01-01}
sources:
  cpb: {title: Clinical policy}
when:
  conditions: [back-pain]
  icd10: [M25]
  not_conditions: [headache]
  practitioners: [acupuncturist, physician]
  settings: [office, home]
  ages: {min: 18, max: 64}
  states: [WA, OR]
  licensed: required
  attested: [active_treatment]
  member: {role: [subscriber, spouse], status: [active]}
  not_attested: [rehabilitation]
cite: cpb p.1
"""

FEES = """\
format: camcover/1
kind: fees
id: fees-2026
effective: {from: 2026-01-01, to: 2026-12-31}
sources:
  contract: {title: Contract}
tiers:
  in_network:
    codes: {"97810": $48.00, "97811": $36.00}
    visits: {acupuncture: $45.00}
    therapies: {massage: $70.00}
    practice_expense: {"97810": $20.00}
    multiple_procedures: 50%
    maximum_per_day: $110.00
    rates:
      - {practitioners: [physician], codes: {"97810": $55.00}, visits: {acupuncture: $60.00}, therapies: {yoga: $20.00}}
      - {practitioners: [physician, acupuncturist], settings: [home, telehealth], percent: 90%}
    otherwise: 80% of charge
    cite: contract p.3
  out_of_network: {otherwise: 75% of in_network, cite: contract p.4}
"""

PLAN = """\
format: camcover/1
kind: plan
id: every-plan
name: Every Plan
payer: {id: example, name: Example Health}
effective: {from: 2026-01-01, to: 2026-12-31}
benefit_period: {starts: 07-01}
hsa_qualified: no
fees: fees-2026
unit_rule: cms
reviewed: {on: 2025-10-01, by: rules team, next: 2099-01-01}
notes: Invented.
sources:
  eoc: {title: Evidence of coverage, url: "https://payer.example/eoc", published: 2025-11-14, retrieved: 2025-12-01}
accumulators:
  deductible:
    {kind: deductible, individual: $1500.00, family: $3000.00, feeds: [oop_max], carryover: last_quarter, cite: eoc p.1}
  oon_deductible: {kind: deductible, individual: unlimited, family_mode: embedded, cite: eoc p.1}
  own_deductible: {kind: deductible, individual: $250, reduced_by: {wellness_incentive: $125}, cite: eoc p.1}
  oop_max: {kind: out_of_pocket_maximum, individual: $5000.00, family: $9000.00, family_mode: aggregate, cite: eoc p.1}
  all_max:
    {kind: out_of_pocket_maximum, self_only: $5500, individual: $6000.00, counts: [copay, coinsurance], cite: eoc p.1}
tiers:
  in_network:
    name: Preferred network
    deductible: deductible
    out_of_pocket_maximum: oop_max
    counts_toward: [all_max]
    capped_by: [all_max]
    above_allowed: written_off
    copay_feeds: [deductible]
    code_edits: none
    not_covered_pays: allowed
    provider_liable: {for: [diagnosis, referral], unless: advance_notice}
  out_of_network:
    {deductible: none, out_of_pocket_maximum: none, above_allowed: member up to 115%, payment_to: member}
  wider_network: {deductible: oon_deductible, out_of_pocket_maximum: none, above_allowed: member}
limits:
  pool:
    {allow: $500.00, per: calendar_year, counts: allowed, beyond: improvement_documented, straddle: next, cite: eoc p.2}
accounts:
  hra:
    individual: $500.00
    family: $1000.00
    per: benefit_period
    pays: [deductible, coinsurance]
    benefits: [acupuncture]
    therapies: [massage]
    codes: ["97811"]
    carries_over: $250.00
    payment_to: member
    cite: eoc p.6
  flex-card: {individual: $60.00, per: month, pays: [not_covered], cite: eoc p.6}
benefits:
  acupuncture:
    therapies: [acupuncture]
    codes: ["97810"]
    without_codes: ["99203"]
    policy: pain
    when:
      conditions: [back-pain]
      icd10: [M25]
      not_conditions: [headache]
      practitioners: [acupuncturist, physician]
      settings: [office, home]
      ages: {min: 18, max: 64}
      states: [WA, OR]
      licensed: required
      attested: [plan_of_care]
      member: {role: [subscriber], status: [active, retiree]}
      not_attested: [advance_notice]
    waiting_period: 2 months
    requires: [referral, {prior_authorization: {penalty: 50%, after: 12 visits}}]
    limits:
      - pool
      - {id: visits, allow: 12 visits, per: benefit_period, cite: eoc p.2}
      - {allow: 4 units, per: rolling 90 days, except: {attested: [rehabilitation]}}
    when_exhausted: next
    counts_toward_out_of_pocket_maximum: no
    in_network:
      member_pays: [{through: 3 visits, steps: [nothing]}, {steps: [deductible, {copay: $30 per visit}]}]
    out_of_network:
      member_pays: [deductible, {coinsurance: 20%}]
    wider_network: not_covered
    cite: eoc p.2
  massage:
    therapies: [massage]
    from_year: 2
    counts_toward_out_of_pocket_maximum: [deductible, coinsurance]
    requires: [{plan_of_care: {after: 5 visits of massages}}, {prior_authorization: {penalty: $300.00}}]
    limits:
      - pool
      - id: massages
        allow: [{ages: {max: 20}, allow: 30 visits}, {allow: 15 visits}]
        per: quarter
        tiers: [in_network, wider_network]
    copay_scope: hands
    when_exhausted: next
    in_network:
      member_pays: [{deductible: deductible}, {copay: $20.00 per line, waived_with_deductible: yes}]
    out_of_network: {member_pays: [{coinsurance: 40%, of: allowed}]}
    wider_network:
      member_pays:
        - {through: 3 visits of massages, steps: [{lesser_of: [{copay: $20.00 per visit}, {coinsurance: 50%}]}]}
        - {through: 9 visits of massages, steps: [{copay_by_allowed: [{up_to: $10.00, copay: $1.00}, {copay: $4.00}]}]}
        - {steps: [{coinsurance: 40%, at_least: $5.00 per line, at_most: $80.00 per visit}]}
    cite: eoc p.3
exclusions:
  - {therapies: [reiki], codes: ["97811"], when: {settings: [home]}, reason: experimental, cite: eoc p.4}
  - {therapies: [yoga], cite: eoc p.4}
otherwise: not_covered
not_covered_pays: charge
code_edits: medicare
discounts:
  - {therapies: [massage, yoga], codes: ["97124"], percent: 25%, cite: eoc p.5}
  - {therapies: [reiki], percent: 10%, tiers: [in_network]}
tests:
  - name: two visits
    given:
      age: 40
      state: WA
      family: yes
      as_of: 2026-03-01
      requirements: as_attested
      used: {deductible: $100.00, visits: 3 visits}
      family_used: {deductible: $200.00}
      balances: {flex-card: $40.00}
      family_balances: {hra: $700.00}
      benefit_visits: {acupuncture: 3 visits}
      prior_visits: {acupuncture: [2026-02-02, 2026-02-09]}
      items:
        - member: ana
          therapy: acupuncture
          codes:
            - "97811"
            - {code: "97810", units: 2, charge: $80.00, allowed: $60.00, modifiers: [AT]}
            - {code: "97810", minutes: 23 minutes}
          practitioner: acupuncturist
          taxonomy: 171100000X
          setting: office
          place_of_service: "11"
          tier: in_network
          state: OR
          diagnoses: [M54.5]
          conditions: [back-pain]
          attestations: [referral]
          first_service: 2025-11-03
          facility: clinic
          dates: [2026-03-02, 2026-03-09]
        - {therapy: massage, charge: $90.00, allowed: $70.00, first: 2026-03-03}
    expect:
      patient: $40.00
      plan_paid: $10.00
      written_off: $5.00
      due_at_service: $50.00
      reimbursed: $10.00
      account_paid: $20.00
      each: [$20.00, ...]
      covered: 2 visits
      first: {covered: yes, reason: NOT_LISTED, benefit: acupuncture, copay: $20.00}
      after: {deductible: $120.00}
      balances: {flex-card: $20.00}
  - name: the eighteenth birthday
    given:
      birth_date: 2008-03-02
      covered_from: 2026-01-01
      covered_to: 2026-12-31
      role: child
      status: active
      enrolled_on: 2025-12-01
      wellness_incentive: yes
      therapy: massage
      charge: $90.00
      first: 2026-03-02
    expect: {patient: $40.00}
"""

TEXTS = {"catalog.yaml": CATALOG, "policy.yaml": POLICY, "fees.yaml": FEES, "plan.yaml": PLAN}


def rule_set(**replaced: str) -> RuleSet:
    """The rule set; `plan=...` puts a text in place of plan.yaml, and so on."""
    return rules_in(TEXTS | {f"{name}.yaml": text for name, text in replaced.items()})


def rules_in(texts: dict[str, str]) -> RuleSet:
    """The rules in `texts`, which have no error."""
    loaded = load_texts(texts)
    assert loaded.rules is not None, as_text(loaded.errors, loaded.texts)
    return loaded.rules
