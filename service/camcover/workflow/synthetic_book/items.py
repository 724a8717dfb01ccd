"""Planned services of a synthetic book, drawn from the services of its plans.

What comes in: profiles, and the plan of each item. What goes out: items of `bulk.REQUEST_SCHEMA`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.random import Generator

from camcover.bulk.columns import Ints, date_column
from camcover.bulk.schema import ITEM_FIELDS
from camcover.engine.compiling.vocabulary import ICD10
from camcover.rulebook import RuleSet
from camcover.rulebook.records import Setting
from camcover.workflow.synthetic_book.draws import (
    USUAL,
    WHOLE,
    TwoWays,
    WordLists,
    at_most_one,
    happens,
    structs,
    unless,
)
from camcover.workflow.synthetic_book.profiles import PlanProfile, ServiceProfile

_WITHOUT_CODE, _WITHOUT_CHARGE, _WITHOUT_TIER, _WITHOUT_PRACTITIONER = 250, 100, 50, 30
_NAMED_CONDITION, _WITHOUT_DIAGNOSIS = 150, 100
_SEVERAL_UNITS, _ATTESTED = 150, 800
"""How often, in parts of 1,000."""


class Services:
    """Items of the plans' services."""

    def __init__(self, rules: RuleSet, services: Sequence[ServiceProfile], plans: Sequence[PlanProfile]) -> None:
        """Draw from `services`; `plans` tell the tiers, `rules` every word that may stand beside the usual ones."""
        catalogs = [catalog for editions in rules.catalogs.values() for catalog in editions]
        conditions = [each for catalog in catalogs for each in catalog.conditions.values()]
        codes = sorted({str(code) for each in conditions for code in each.icd10 if ICD10.fullmatch(code)})
        settings = [str(setting) for setting in Setting]
        self._therapy = pa.array([each.therapy for each in services], pa.string())
        self._codes = WordLists([each.codes for each in services])
        self._needs_code = np.array([each.needs_code for each in services])
        self._charge = np.array([each.charge for each in services], dtype=np.int64)
        self._is_assumable = np.array([each.is_assumable for each in services])
        practitioners = sorted({str(name) for catalog in catalogs for name in catalog.practitioners})
        self._practitioners = TwoWays([each.practitioners for each in services], practitioners)
        self._settings = TwoWays([each.settings or (str(Setting.OFFICE),) for each in services], settings)
        self._tiers, self._plan_tiers = (
            WordLists([each.tiers for each in services]),
            WordLists([p.tiers for p in plans]),
        )
        self._diagnoses = TwoWays([each.diagnoses for each in services], [*codes, "Z00.00"])
        self._conditions = WordLists([each.conditions for each in services])
        self._attestations = [each.attestations for each in services]
        self.ages = np.array([each.ages for each in services])

    def items(self, random: Generator, service: Ints, plan: Ints, dates: tuple[Ints, Ints, Ints]) -> pa.StructArray:
        """Items of services, each under a plan, on rows of dates."""
        count = len(service)
        code = self._codes.pick(random, service)
        code[happens(random, _WITHOUT_CODE, count) & ~self._needs_code[service]] = -1
        units = np.where(happens(random, _SEVERAL_UNITS, count) & (code >= 0), random.integers(2, 5, count), 1)
        is_assumed = happens(random, _WITHOUT_CHARGE, count) & self._is_assumable[service]
        diagnoses, conditions = self._why(random, service)
        start, sessions, every = dates
        columns = {
            "therapy": self._therapy.take(pa.array(service)),
            "code": self._codes.words(code),
            "units": pa.array(units.astype(np.int32)),
            "charge_cents": pa.array(self._charges(random, service) * units, mask=is_assumed),
            "practitioner": self._practitioners.words(random, service, _WITHOUT_PRACTITIONER),
            "setting": self._settings.words(random, service),
            "tier": self._tier(random, service, plan),
            "diagnoses": diagnoses,
            "conditions": conditions,
            "attestations": self._attested(random, service),
            "start_date": date_column(start),
            "sessions": pa.array(sessions.astype(np.int32)),
            "every_days": pa.array(every.astype(np.int32)),
        }
        return structs(columns, ITEM_FIELDS, count)

    def _charges(self, random: Generator, service: Ints) -> Ints:
        """Charges of sessions in cents: near the typical price, seldom near the ends, in whole dollars."""
        low, typical, high = self._charge[service].T
        off = random.integers(0, WHOLE + 1, len(service)) - random.integers(0, WHOLE + 1, len(service))
        cents = np.where(off < 0, typical + (typical - low) * off // WHOLE, typical + (high - typical) * off // WHOLE)
        whole: Ints = cents // 100 * 100
        return whole

    def _tier(self, random: Generator, service: Ints, plan: Ints) -> pa.Array:
        """A tier that covers the service, or any of the plan's; sometimes open."""
        covering = self._tiers.words(self._tiers.pick(random, service))
        whatever = self._plan_tiers.words(self._plan_tiers.pick(random, plan))
        usual = pa.array(happens(random, USUAL, len(service)))
        chosen = pc.coalesce(pc.if_else(usual, covering, whatever), whatever)
        return unless(happens(random, _WITHOUT_TIER, len(service)), chosen)

    def _why(self, random: Generator, service: Ints) -> tuple[pa.Array, pa.Array]:
        """What a service is for: a diagnosis, a condition by its name, or no statement."""
        condition = self._conditions.pick(random, service)
        is_named = happens(random, _NAMED_CONDITION, len(service)) & (condition >= 0)
        is_open = happens(random, _WITHOUT_DIAGNOSIS, len(service)) & ~is_named
        diagnosis = self._diagnoses.words(random, service)
        return (
            at_most_one(diagnosis, ~is_named & ~is_open),
            at_most_one(self._conditions.words(condition), is_named),
        )

    def _attested(self, random: Generator, service: Ints) -> pa.Array:
        """Mostly everything that the service's benefit asks for."""
        is_given = happens(random, _ATTESTED, len(service))
        lists = pa.array([(), *self._attestations], pa.list_(pa.string()))
        return lists.take(pa.array(np.where(is_given, service + 1, 0)))
