"""`CatalogService`: what a request may name. Lists are sorted by id, paged, and filtered by text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

import grpc

from camcover.api.paging import PageRequest, page_size, read_token, token_of
from camcover.api.plan_figures import limit_figures, step_figures
from camcover.api.pools import Pool, Pools
from camcover.api.sentences import worded_data
from camcover.api.validation import validate
from camcover.engine import Tables
from camcover.engine.compiling.plan_summary import PlanSummary
from camcover.gen.camcover.v1 import catalog_service_pb2 as messages
from camcover.gen.camcover.v1.catalog_service_pb2_grpc import CatalogServiceServicer
from camcover.languages import ENGLISH, language
from camcover.rulebook.checks.scope import licensing
from camcover.rulebook.records import STATES, Payee, Plan, Practitioner, SharePart, Therapy
from camcover.rulebook.term_messages import account_terms, limit_terms
from camcover.workflow import catalog_entries
from camcover.workflow.rules_in_force import RulesInForce

__all__ = ["CatalogServicer"]

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Item = TypeVar("Item")


class FilteredPageRequest(PageRequest, Protocol):
    """What the list requests have in common."""

    @property
    def filter(self) -> str:
        """Text to look for."""


class CatalogServicer(CatalogServiceServicer):
    """The methods of `CatalogService` over the active rules."""

    def __init__(self, rules: RulesInForce, pool: Pool | None = None) -> None:
        """Answer from `rules`, in a thread of `pool`: there may be many thousands of plans to look through."""
        self._rules = rules
        self._pool = pool or Pools().looking_up

    async def ListTherapies(
        self, request: messages.ListTherapiesRequest, context: Context
    ) -> messages.ListTherapiesResponse:
        """The therapies, by id."""
        return await self._pool.run(self._list_therapies, request)

    def _list_therapies(self, request: messages.ListTherapiesRequest) -> messages.ListTherapiesResponse:
        validate(request)
        entries = list(catalog_entries.therapies(self._rules.take()).values())
        page, token = _page(request, entries, lambda each: (each.id, each.name, *each.aliases, *each.billed))
        return messages.ListTherapiesResponse(therapies=map(_therapy, page), next_page_token=token)

    async def ListConditions(
        self, request: messages.ListConditionsRequest, context: Context
    ) -> messages.ListConditionsResponse:
        """The conditions, by id."""
        return await self._pool.run(self._list_conditions, request)

    def _list_conditions(self, request: messages.ListConditionsRequest) -> messages.ListConditionsResponse:
        validate(request)
        entries = list(catalog_entries.conditions(self._rules.take()).values())
        page, token = _page(request, entries, lambda each: (each.id, each.name, *each.icd10))
        found = [messages.Condition(id=each.id, name=each.name, icd10=map(str, each.icd10)) for each in page]
        return messages.ListConditionsResponse(conditions=found, next_page_token=token)

    async def ListPractitioners(
        self, request: messages.ListPractitionersRequest, context: Context
    ) -> messages.ListPractitionersResponse:
        """The kinds of practitioners, by id."""
        return await self._pool.run(self._list_practitioners, request)

    def _list_practitioners(self, request: messages.ListPractitionersRequest) -> messages.ListPractitionersResponse:
        validate(request)
        tables = self._rules.take()
        entries = list(catalog_entries.practitioners(tables).values())
        page, token = _page(request, entries, lambda each: (each.id, each.name, each.taxonomy or ""))
        found = [_practitioner(tables, each) for each in page]
        return messages.ListPractitionersResponse(practitioners=found, next_page_token=token)

    async def ListPlans(self, request: messages.ListPlansRequest, context: Context) -> messages.ListPlansResponse:
        """The payer plans, by id."""
        return await self._pool.run(self._list_plans, request)

    def _list_plans(self, request: messages.ListPlansRequest) -> messages.ListPlansResponse:
        validate(request)
        plans = list(self._rules.take().directory.values())
        page, token = _page(request, plans, lambda each: (each.id, each.name, each.payer_name))
        found = [_plan(summary) for summary in page]
        return messages.ListPlansResponse(plans=found, next_page_token=token)

    async def GetPlan(self, request: messages.GetPlanRequest, context: Context) -> messages.GetPlanResponse:
        """One payer plan with the words a request may use."""
        return await self._pool.run(self._get_plan, request)

    def _get_plan(self, request: messages.GetPlanRequest) -> messages.GetPlanResponse:
        validate(request)
        tables = self._rules.take()
        index = catalog_entries.plan_index(tables, request.plan_id)
        message = _plan(tables.directory[index.id])
        for edition, plan in zip(message.editions, index.editions, strict=True):
            _describe(edition, plan)
        return messages.GetPlanResponse(plan=message)


def _entry_id(entry: object) -> str:
    """The id of a catalog entry."""
    return str(getattr(entry, "id", ""))


def _page(
    request: FilteredPageRequest, entries: Sequence[Item], texts: Callable[[Item], Iterable[str]]
) -> tuple[list[Item], str]:
    """One page of the entries that hold the filter's text, and the token of the next.

    The token is the last id given, so that a page stays right when rules change between two calls.
    """
    after = read_token(request)
    wanted = request.filter.casefold()
    matching = [each for each in entries if any(wanted in text.casefold() for text in texts(each))]
    rest = sorted((each for each in matching if _entry_id(each) > after), key=_entry_id)
    size = page_size(request)
    token = token_of(_entry_id(rest[size - 1])) if len(rest) > size else ""
    return rest[:size], token


def _therapy(entry: Therapy) -> messages.Therapy:
    charge = entry.typical_charge
    return messages.Therapy(
        id=entry.id,
        name=entry.name,
        aliases=entry.aliases,
        codes=map(str, entry.codes),
        visit_codes=map(str, entry.visit_codes),
        practitioners=map(str, entry.practitioners),
        service_type=entry.service_type or "",
        typical_charge=messages.TypicalCharge(
            low_cents=charge.low, typical_cents=charge.typical, high_cents=charge.high
        )
        if charge
        else None,
        tax_advantaged=entry.tax_advantaged or "",
    )


def _practitioner(tables: Tables, entry: Practitioner) -> messages.Practitioner:
    """A practitioner, and the states that license it in the latest edition of the catalog."""
    licensure = {name: each for catalog in tables.vocabulary.catalogs for name, each in catalog.licensure.items()}
    licensed = licensing(licensure.get(entry.id))
    return messages.Practitioner(
        id=entry.id,
        name=entry.name,
        taxonomy=entry.taxonomy or "",
        licensed_states=[state for state in STATES if state in licensed],
    )


def _plan(summary: PlanSummary) -> messages.Plan:
    return messages.Plan(
        id=summary.id,
        name=summary.name,
        payer_id=summary.payer_id,
        payer_name=summary.payer_name,
        editions=[
            messages.PlanEdition(
                effective_from=each.start.isoformat(),
                effective_to=each.end.isoformat() if each.end else "",
                hsa_qualified=each.hsa_qualified,
                illustrative=each.illustrative,
            )
            for each in summary.editions
        ],
    )


def _describe(message: messages.PlanEdition, plan: Plan) -> None:
    """Put in the words of an edition that a request may use."""
    limits = {str(limit.id): limit for benefit in plan.benefits.values() for limit in benefit.limits}
    message.tiers.extend(map(str, plan.tiers))
    message.reimbursing_tiers.extend(str(tier.id) for tier in plan.tiers.values() if tier.payment_to is Payee.MEMBER)
    english = language(ENGLISH)
    message.limits.extend(
        messages.PlanLimit(id=name, **worded_data(limit_terms(each), english), figures=limit_figures(each))
        for name, each in limits.items()
    )
    message.accumulators.extend(
        messages.PlanAccumulator(
            id=each.id,
            kind=each.kind,
            self_only_cents=each.self_only,
            wellness_incentive_cents=each.wellness_incentive,
            individual_cents=each.individual,
            family_cents=each.family,
            family_mode=each.family_mode,
            counts=[part for part in SharePart if part in each.parts],
            counted_tiers=[tier.id for tier in plan.tiers.values() if each.id in tier.counted],
            capped_tiers=[tier.id for tier in plan.tiers.values() if each.id in tier.capping],
        )
        for each in plan.accumulators.values()
    )
    message.accounts.extend(
        messages.PlanAccount(
            id=each.id, text=account_terms(each).text, individual_cents=each.individual, family_cents=each.family
        )
        for each in plan.accounts.values()
    )
    message.benefits.extend(
        messages.PlanBenefit(
            id=each.id,
            therapies=map(str, each.therapies),
            codes=map(str, each.codes),
            without_codes=map(str, each.without_codes),
            tiers=map(str, each.tiers),
            tier_terms=[
                messages.PlanTierTerms(tier=block.tier, steps=step_figures(block.member_pays))
                for block in each.tiers.values()
            ],
            limits=[str(limit.id) for limit in each.limits],
        )
        for each in plan.benefits.values()
    )
