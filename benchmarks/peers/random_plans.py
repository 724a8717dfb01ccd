"""Random well-being plans under the rules of the comparison; the same for the same seed."""

from __future__ import annotations

import random
from datetime import date, timedelta

from plans import Line, Plan

LINES = 12
DEDUCTIBLE = 150_000
OUT_OF_POCKET = 400_000
VISITS = {"acupuncture": 20, "chiropractic": 12}

# Mostly what a patient would plan; the rest is there so that every reason for a refusal comes up.
THERAPIES = ("acupuncture",) * 5 + ("chiropractic",) * 3 + ("massage",) * 3 + ("reiki", "yoga")
PRACTITIONERS = {
    "acupuncture": ("acupuncturist",) * 5 + ("physician",) * 2 + ("chiropractor",),
    "chiropractic": ("chiropractor",) * 6 + ("physician",),
    "massage": ("massage-therapist",),
    "reiki": ("massage-therapist",),
    "yoga": ("massage-therapist",),
}
DIAGNOSES = ("M54.50", "M54.2", "G43.909", "G43.709", "M54.16", "F41.1")


def generate(count: int, seed: int) -> list[Plan]:
    """`count` plans of twelve lines; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311  # test data, no secret
    return [_plan(chance) for _ in range(count)]


def _plan(chance: random.Random) -> Plan:
    """One member: often at the start of the year, often with the deductible or the maximum nearly met."""
    deductible = chance.choice((0, DEDUCTIBLE, chance.randint(0, DEDUCTIBLE)))
    oop = min(OUT_OF_POCKET, deductible + chance.choice((0, 0, chance.randint(0, 60_000), chance.randint(0, 400_000))))
    return {
        "age": chance.choice((16, 17, 18, *range(19, 75, 5))),
        "deductible_used": deductible,
        "oop_used": oop,
        "visits": {
            therapy: chance.choice((0, allowed - 2, chance.randint(0, allowed))) for therapy, allowed in VISITS.items()
        },
        "lines": _lines(chance),
    }


def _lines(chance: random.Random) -> list[Line]:
    """Twelve lines in order of date; one in eight stands in the same visit as the line before it."""
    lines: list[Line] = []
    day = date(2026, 1, 1) + timedelta(days=chance.randrange(60))
    for _ in range(LINES):
        again = bool(lines) and chance.random() < 0.125
        therapy = lines[-1]["therapy"] if again else chance.choice(THERAPIES)
        day += timedelta(days=0 if again else chance.randrange(21))
        charge = chance.randint(4_000, 22_000)
        lines.append(
            {
                "date": day.isoformat(),
                "therapy": therapy,
                "tier": chance.choice(("in_network", "in_network", "in_network", "out_of_network")),
                "practitioner": chance.choice(PRACTITIONERS[therapy]),
                "diagnosis": chance.choice(DIAGNOSES),
                "charge": charge,
                "allowed": charge * chance.randint(30, 100) // 100,
            }
        )
    return lines
