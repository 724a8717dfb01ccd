"""The one payer rule set of the comparison, in our own rule language; every peer states the same rules in its own."""

CATALOG = """\
format: camcover/1
kind: catalog
id: peers
effective: {from: 2026-01-01, to: 2026-12-31}
therapies:
  acupuncture: {name: Acupuncture, practitioners: [acupuncturist, physician]}
  chiropractic: {name: Chiropractic adjustment, practitioners: [chiropractor]}
  massage: {name: Therapeutic massage, practitioners: [massage-therapist]}
  reiki: {name: Reiki, practitioners: [massage-therapist]}
  yoga: {name: Yoga therapy, practitioners: [massage-therapist]}
conditions:
  back-pain: {name: Back pain, icd10: [M54]}
  migraine: {name: Migraine, icd10: [G43]}
practitioners:
  acupuncturist: {name: Licensed acupuncturist}
  chiropractor: {name: Chiropractor}
  massage-therapist: {name: Massage therapist}
  physician: {name: Physician}
"""

PLAN = """\
format: camcover/1
kind: plan
id: peers-plan
payer: {id: peers, name: Payer of the comparison}
effective: {from: 2026-01-01, to: 2026-12-31}
benefit_period: calendar_year
illustrative: yes
accumulators:
  deductible: {kind: deductible, individual: $1500}
  oop_max: {kind: out_of_pocket_maximum, individual: $4000}
tiers:
  in_network: {deductible: deductible, out_of_pocket_maximum: oop_max, above_allowed: written_off}
  out_of_network: {deductible: deductible, out_of_pocket_maximum: oop_max, above_allowed: member}
benefits:
  acupuncture:
    therapies: [acupuncture]
    when: {conditions: [back-pain, migraine], practitioners: [acupuncturist, physician], ages: {min: 18}}
    limits: [{allow: 20 visits, per: benefit_period}]
    in_network: {member_pays: [deductible, copay: $30 per visit]}
    out_of_network: {member_pays: [deductible, coinsurance: 40%]}
  chiropractic:
    therapies: [chiropractic]
    when: {practitioners: [chiropractor]}
    limits: [{allow: 12 visits, per: benefit_period}]
    in_network: {member_pays: [copay: $25 per visit]}
  massage:
    therapies: [massage]
    in_network: {member_pays: [coinsurance: 20%]}
exclusions:
  - {therapies: [reiki], reason: experimental}
otherwise: not_covered
not_covered_pays: charge
"""
