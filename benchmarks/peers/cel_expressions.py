"""The payer's rules as CEL expressions, the same text for both CEL libraries.

Standard CEL has neither local names nor a minimum: an amount that others need is an expression of its own, whose result
the host adds to the facts under its name before the next one is evaluated.
"""

CANNOT = (
    "state from line to line, and names for results within an expression: plain Python carries the sums and visits and "
    "chains the expressions"
)

REASON = """
therapy == 'reiki' ? 'EXCLUDED' :
!(therapy in ['acupuncture', 'chiropractic', 'massage']) ? 'NOT_LISTED' :
tier == 'out_of_network' && therapy != 'acupuncture' ? 'TIER_NOT_COVERED' :
therapy == 'acupuncture' && !(diagnosis.startsWith('M54') || diagnosis.startsWith('G43')) ? 'DIAGNOSIS_NOT_COVERED' :
therapy == 'acupuncture' && !(practitioner in ['acupuncturist', 'physician']) ? 'PRACTITIONER_NOT_COVERED' :
therapy == 'chiropractic' && practitioner != 'chiropractor' ? 'PRACTITIONER_NOT_COVERED' :
therapy == 'acupuncture' && age < 18 ? 'AGE' :
therapy == 'acupuncture' && visits_used >= 20 && !visit_counted ? 'LIMIT_REACHED' :
therapy == 'chiropractic' && visits_used >= 12 && !visit_counted ? 'LIMIT_REACHED' :
'NONE'
"""

# In order: each may use the names before it. All in cents.
COST_SHARE = {
    "deductible_due": """
        therapy != 'acupuncture' ? 0 :
        allowed < 150000 - deductible_used ? allowed : 150000 - deductible_used
    """,
    "copay_full": """
        tier == 'in_network' && therapy == 'acupuncture' ? 3000 - copay_paid :
        tier == 'in_network' && therapy == 'chiropractic' ? 2500 - copay_paid : 0
    """,
    "copay_due": "copay_full < allowed - deductible_due ? copay_full : allowed - deductible_due",
    "coinsurance_due": """
        therapy == 'massage' ? (allowed * 2000 + 5000) / 10000 :
        tier == 'out_of_network' ? ((allowed - deductible_due) * 4000 + 5000) / 10000 : 0
    """,
    "oop_left": "400000 - oop_used",
    "deductible": "deductible_due < oop_left ? deductible_due : oop_left",
    "copay": "copay_due < oop_left - deductible ? copay_due : oop_left - deductible",
    "coinsurance": """
        coinsurance_due < oop_left - deductible - copay ? coinsurance_due : oop_left - deductible - copay
    """,
    "balance_bill": "tier == 'out_of_network' ? charge - allowed : 0",
}

COVERED = """{
    'covered': true, 'reason': 'NONE',
    'deductible': deductible, 'copay': copay, 'coinsurance': coinsurance,
    'balance_bill': balance_bill, 'not_covered': 0, 'written_off': charge - allowed - balance_bill,
    'plan_paid': allowed - deductible - copay - coinsurance,
    'patient': deductible + copay + coinsurance + balance_bill
}"""

NOT_COVERED = """{
    'covered': false, 'reason': reason, 'deductible': 0, 'copay': 0, 'coinsurance': 0, 'balance_bill': 0,
    'not_covered': charge, 'written_off': 0, 'plan_paid': 0, 'patient': charge
}"""
