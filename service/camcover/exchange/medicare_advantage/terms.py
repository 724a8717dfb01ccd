"""A Medicare Advantage plan as benefits: Medicare's own services first, the plan's supplemental visits behind them.

What comes in: an `AdvantagePlan`. What goes out: a `DraftPlan`. Medicare's acupuncture (NCD 30.3.3) and its other
services are at the cost share of primary care or of specialists: their range, where the two differ. A deductible may
come first or not: the sources do not say of which services, so the least is without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from camcover.exchange.medicare_advantage.in_words import notes_of, printed_text
from camcover.exchange.medicare_advantage.one_visit_tests import tests_of
from camcover.exchange.medicare_advantage.records import AdvantagePlan, Network, Printed, PrintedService
from camcover.exchange.plan_text import DraftBenefit, DraftPlan, DraftSum, ShareRange, text_in_quotes
from camcover.exchange.shares import Combined, CostShare

__all__ = ["draft_of"]

TIER_OF = {Network.IN: "in_network", Network.OUT: "out_of_network"}

EXAMINATIONS = ("99202", "99203", "99204", "99205", "99211", "99212", "99213", "99214", "99215")
NOT_OF_NEEDLES = (
    *EXAMINATIONS,
    "97026",
    "97110",
    "97112",
    "97124",
    "97140",
    "97161",
    "97162",
    "97163",
    "97164",
    "97530",
)
NOT_OF_ADJUSTMENTS = (*EXAMINATIONS, "97012", "97014", "97035", "97110", "97112", "97124", "97140", "97530", "G0283")
"""Visit codes of the catalog that Medicare does not cover as acupuncture, or by a chiropractor."""

ARMS_AND_LEGS = "98943"
GROUP_THERAPY = "90853"

_SOURCES = {
    "ncd": '{title: "Medicare NCD 30.3.3, acupuncture for chronic low back pain", '
    'url: "https://www.cms.gov/medicare-coverage-database/view/ncd.aspx?ncdid=373", published: 2020-01-21}',
    "manual": '{title: "Medicare Benefit Policy Manual, publication 100-02, chapter 15", '
    'url: "https://www.cms.gov/regulations-and-guidance/guidance/manuals/internet-only-manuals-ioms"}',
    "ncd180": '{title: "Medicare NCD 180.1, medical nutrition therapy", '
    'url: "https://www.cms.gov/medicare-coverage-database/view/ncd.aspx?ncdid=252"}',
    "mnt": '{title: "Medicare.gov, medical nutrition therapy services", '
    'url: "https://www.medicare.gov/coverage/medical-nutrition-therapy-services"}',
}
_LIMITS = {
    "ninety-days": "{allow: 12 visits, per: rolling 90 days, beyond: improvement_documented, cite: ncd section B}",
    "twelve-months": "{allow: 20 visits, per: rolling 12 months, cite: ncd section B}",
    "later-hours": "{allow: 2 hours, per: calendar_year, cite: ncd180 indications and limitations of coverage}",
    "first-hours": "{allow: 3 hours, per: calendar_year, cite: ncd180 indications and limitations of coverage}",
}


def draft_of(plan: AdvantagePlan, source: str, fees: str = "") -> DraftPlan:
    """A plan's draft. `source`: YAML of the source `printed`, from which the figures come; `fees`: a fee file's id."""
    tiers = dict(_tiers(plan))
    benefits = tuple(_benefits(plan, tuple(tiers)))
    limits = _LIMITS | dict(_own_limits(plan))
    return DraftPlan(
        id=plan.number.id,
        name=f"{plan.name}, {plan.number}",
        payer_id=f"ma-{plan.number.contract.lower()}",
        payer=plan.organization,
        first=date(plan.year, 1, 1),
        last=date(plan.year, 12, 31),
        notes=notes_of(plan, has_fees=bool(fees)),
        sources={"printed": source} | _SOURCES,
        tiers=tiers,
        benefits=benefits,
        sums=tuple(_sums(plan)),
        limits=limits,
        exclusions=tuple(_exclusions(plan)),
        tests=() if fees else tuple(tests_of(plan, benefits)),
        fees=fees,
    )


# PlanSums and tiers


def _sums(plan: AdvantagePlan) -> Iterator[DraftSum]:
    """The deductible and the maxima."""
    most = max(plan.deductible, plan.deductible_high or 0)
    if most:
        yield DraftSum("deductible", "deductible", most, None, "printed health deductible")
    for name, cents, where in (
        ("moop_in", plan.moop_in, "in network"),
        ("moop_out", plan.moop_out, "out of network"),
        ("moop_combined", plan.moop_combined, "in and out of network"),
    ):
        if cents is not None:
            cite = f"printed maximum you pay for health services, {where}"
            yield DraftSum(name, "out_of_pocket_maximum", cents, None, cite)


def _tiers(plan: AdvantagePlan) -> Iterator[tuple[str, str]]:
    """The tiers: the network, and outside of it where the plan prints anything there."""
    deductible = "deductible" if max(plan.deductible, plan.deductible_high or 0) else "none"
    own = {Network.IN: ("moop_in", plan.moop_in), Network.OUT: ("moop_out", plan.moop_out)}
    for network, above in ((Network.IN, "written_off"), (Network.OUT, "member")):
        if network is Network.OUT and not any(where is Network.OUT for _, where in plan.services):
            continue
        name, cents = own[network]
        lines = [f"deductible: {deductible}"]
        if cents is not None:
            lines.append(f"out_of_pocket_maximum: {name}")
            if plan.moop_combined is not None:
                lines += ["counts_toward: [moop_combined]", "capped_by: [moop_combined]"]
        elif plan.moop_combined is not None:
            lines.append("out_of_pocket_maximum: moop_combined")
        else:
            lines.append("out_of_pocket_maximum: none")
        yield TIER_OF[network], "\n".join([*lines, f"above_allowed: {above}"])


# Cost shares


def spread_of(printed: Iterable[Printed], *, deductible: bool) -> ShareRange:
    """The least and the most of one or several printed cost shares; `deductible`: one may come first."""
    found = list(printed)
    copays = [(each.copay_low or 0, each.copay_high or 0) for each in found if each.copay_low is not None]
    points = [(each.points_low or 0, each.points_high or 0) for each in found if each.points_low is not None]
    low_copay = min((low for low, _ in copays), default=None)
    low_points = min((low for low, _ in points), default=None)
    high_copay = max((high for _, high in copays), default=None)
    high_points = max((high for _, high in points), default=None)
    return ShareRange(
        _plain(CostShare(low_copay, low_points, combined=Combined.LESSER)),
        _plain(CostShare(high_copay, high_points, after=deductible, combined=Combined.GREATER)),
    )


def _plain(share: CostShare) -> CostShare:
    """The share by which equal ones are equal: no amount of zero, and nothing to combine where there is one amount."""
    copay, points = share.copay, share.points
    if share.combined is Combined.LESSER and (copay == 0 or points == 0):
        copay = points = None
    copay, points = copay or None, points or None
    combined = share.combined if copay and points else Combined.BOTH
    return CostShare(copay, points, after=share.after, combined=combined)


def _spreads(
    plan: AdvantagePlan, tiers: Iterable[str], *services: PrintedService, deductible: bool
) -> dict[str, ShareRange | None]:
    """What the member pays in each tier for what is printed of the services together; None where none is printed."""
    spreads: dict[str, ShareRange | None] = {}
    for network, tier in TIER_OF.items():
        if tier in tiers:
            printed = [plan.services[each, network] for each in services if (each, network) in plan.services]
            covered = [each for each in printed if each.is_covered]
            spreads[tier] = spread_of(covered, deductible=deductible) if covered else None
    return spreads


def _asked(plan: AdvantagePlan, *services: PrintedService) -> tuple[str, ...]:
    """What the plan asks for in its network before one of the services."""
    printed = [plan.services[each, Network.IN] for each in services if (each, Network.IN) in plan.services]
    words = (
        ("prior_authorization", any(each.prior_authorization for each in printed)),
        ("referral", any(each.referral for each in printed)),
    )
    return tuple(word for word, is_asked in words if is_asked)


def _cite(plan: AdvantagePlan, *services: PrintedService) -> str:
    """`printed specialist, $40 copay; out of network 50% coinsurance`."""
    return f"printed {'; '.join(printed_text(plan, each) for each in services)}"


# Benefits


def _benefits(plan: AdvantagePlan, tiers: tuple[str, ...]) -> Iterator[DraftBenefit]:
    """All benefits in order."""
    yield from _acupuncture(plan, tiers)
    yield from _chiropractic(plan, tiers)
    yield from _supplemental(plan, tiers)
    yield from _of_medicare(plan, tiers)
    yield from _psychotherapy(plan, tiers)


def _is_covered(plan: AdvantagePlan, service: PrintedService) -> bool:
    """Whether the plan covers a service in some network."""
    return any(each is service and printed.is_covered for (each, _), printed in plan.services.items())


def _own_limits(plan: AdvantagePlan) -> Iterator[tuple[str, str]]:
    """The pools of visits that the source names."""
    for service in (PrintedService.ACUPUNCTURE, PrintedService.CHIROPRACTIC):
        printed = plan.services.get((service, Network.IN))
        if printed is not None and printed.limit is not None:
            cite = text_in_quotes(f"printed {service}, visits every year")
            yield f"{service}-visits", f"{{allow: {printed.limit.visits} visits, per: calendar_year, cite: {cite}}}"


def _visits_of(plan: AdvantagePlan, service: PrintedService) -> tuple[str, ...]:
    """The name of a service's own pool, where it has one."""
    return tuple(name for name, _ in _own_limits(plan) if name == f"{service}-visits")


def _either(plan: AdvantagePlan, tiers: tuple[str, ...]) -> dict[str, ShareRange | None]:
    """The cost share of primary care or of specialists."""
    may_be_first = max(plan.deductible, plan.deductible_high or 0) > 0
    return _spreads(plan, tiers, PrintedService.PRIMARY_CARE, PrintedService.SPECIALIST, deductible=may_be_first)


def _acupuncture(plan: AdvantagePlan, tiers: tuple[str, ...]) -> Iterator[DraftBenefit]:
    """Medicare's own, and the supplemental visits behind it."""
    yield DraftBenefit(
        "medicare-acupuncture",
        ("acupuncture", "dry-needling"),
        _either(plan, tiers),
        _cite(plan, PrintedService.PRIMARY_CARE, PrintedService.SPECIALIST),
        without_codes=NOT_OF_NEEDLES,
        policy="medicare-acupuncture",
        requires=_asked(plan, PrintedService.PRIMARY_CARE, PrintedService.SPECIALIST),
        limits=("ninety-days", "twelve-months"),
        goes_on=True,
    )
    if _is_covered(plan, PrintedService.ACUPUNCTURE):
        yield DraftBenefit(
            "supplemental-acupuncture",
            ("acupuncture",),
            _spreads(plan, tiers, PrintedService.ACUPUNCTURE, deductible=False),
            _cite(plan, PrintedService.ACUPUNCTURE),
            requires=_asked(plan, PrintedService.ACUPUNCTURE),
            limits=_visits_of(plan, PrintedService.ACUPUNCTURE),
            counts=False,
        )


def _chiropractic(plan: AdvantagePlan, tiers: tuple[str, ...]) -> Iterator[DraftBenefit]:
    """Medicare's own, at its printed cost share where there is one, and the supplemental visits behind it."""
    has_own = _is_covered(plan, PrintedService.CHIROPRACTIC)
    if _is_covered(plan, PrintedService.MEDICARE_CHIROPRACTIC):
        may_be_first = max(plan.deductible, plan.deductible_high or 0) > 0
        shares = _spreads(plan, tiers, PrintedService.MEDICARE_CHIROPRACTIC, deductible=may_be_first)
        services: tuple[PrintedService, ...] = (PrintedService.MEDICARE_CHIROPRACTIC,)
    else:
        shares, services = _either(plan, tiers), (PrintedService.PRIMARY_CARE, PrintedService.SPECIALIST)
    asked = _asked(plan, *services)
    yield DraftBenefit(
        "medicare-chiropractic",
        ("chiropractic",),
        shares,
        _cite(plan, *services),
        without_codes=(*NOT_OF_ADJUSTMENTS, ARMS_AND_LEGS) if has_own else NOT_OF_ADJUSTMENTS,
        policy="medicare-chiropractic",
        when=("attested: [active_treatment]",) if has_own else (),
        requires=asked if has_own else ("active_treatment", *asked),
    )
    if has_own:
        yield DraftBenefit(
            "supplemental-chiropractic",
            ("chiropractic",),
            _spreads(plan, tiers, PrintedService.CHIROPRACTIC, deductible=False),
            _cite(plan, PrintedService.CHIROPRACTIC),
            when=("practitioners: [chiropractor]",),
            requires=_asked(plan, PrintedService.CHIROPRACTIC),
            limits=_visits_of(plan, PrintedService.CHIROPRACTIC),
            counts=False,
        )


def _supplemental(plan: AdvantagePlan, tiers: tuple[str, ...]) -> Iterator[DraftBenefit]:
    """Massage, alternative therapies (taken to be naturopathic visits), fitness."""
    for service, therapy, when in (
        (PrintedService.MASSAGE, "therapeutic-massage", ()),
        (PrintedService.ALTERNATIVE_THERAPIES, "naturopathy", ("practitioners: [naturopath]", "licensed: required")),
        (PrintedService.FITNESS, "fitness-membership", ()),
    ):
        if _is_covered(plan, service):
            yield DraftBenefit(
                therapy,
                (therapy,),
                _spreads(plan, tiers, service, deductible=False),
                _cite(plan, service),
                when=when,
                requires=_asked(plan, service),
                counts=False,
            )


def _of_medicare(plan: AdvantagePlan, tiers: tuple[str, ...]) -> Iterator[DraftBenefit]:
    """Medicare's other services: manipulation, biofeedback, nutrition therapy."""
    either = PrintedService.PRIMARY_CARE, PrintedService.SPECIALIST
    yield DraftBenefit(
        "osteopathic-manipulation",
        ("osteopathic-manipulation",),
        _either(plan, tiers),
        _cite(plan, *either),
        without_codes=EXAMINATIONS,
        when=("icd10: [M99.0]", "practitioners: [osteopath, physician]"),
        requires=_asked(plan, *either),
    )
    yield DraftBenefit(
        "biofeedback",
        ("biofeedback",),
        _either(plan, tiers),
        _cite(plan, *either),
        policy="medicare-biofeedback",
        requires=_asked(plan, *either),
    )
    free = {tier: ShareRange(CostShare(), CostShare()) if tier == TIER_OF[Network.IN] else None for tier in tiers}
    for name, asks, hours in (
        ("nutrition-in-later-years", ("from_year: 2",), "later-hours"),
        ("nutrition-counseling", (), "first-hours"),
    ):
        yield DraftBenefit(
            name,
            ("nutrition-counseling",),
            free,
            "mnt costs",
            policy="medicare-nutrition",
            asks=asks,
            requires=("referral",),
            limits=(hours,),
        )


def _psychotherapy(plan: AdvantagePlan, tiers: tuple[str, ...]) -> Iterator[DraftBenefit]:
    """Group therapy by its own code, then the rest."""
    may_be_first = max(plan.deductible, plan.deductible_high or 0) > 0
    practitioners = "practitioners: [psychologist, mental-health-counselor, clinical-social-worker, physician]"
    for name, service, therapies, codes in (
        ("group-psychotherapy", PrintedService.MENTAL_HEALTH_GROUP, (), (GROUP_THERAPY,)),
        ("psychotherapy", PrintedService.MENTAL_HEALTH_INDIVIDUAL, ("psychotherapy",), ()),
    ):
        if _is_covered(plan, service):
            yield DraftBenefit(
                name,
                therapies,
                _spreads(plan, tiers, service, deductible=may_be_first),
                _cite(plan, service),
                codes=codes,
                without_codes=() if codes else (GROUP_THERAPY,),
                when=(practitioners,),
                requires=_asked(plan, service),
            )


def _exclusions(plan: AdvantagePlan) -> Iterator[str]:
    """What the plan prints as not covered, and what Medicare does not cover where the plan adds nothing."""
    if not _is_covered(plan, PrintedService.CHIROPRACTIC):
        yield f'{{codes: ["{ARMS_AND_LEGS}"], reason: not_a_benefit, cite: manual chapter 15 section 240.1.1}}'
    for service, therapy in (
        (PrintedService.MASSAGE, "therapeutic-massage"),
        (PrintedService.ALTERNATIVE_THERAPIES, "naturopathy"),
        (PrintedService.FITNESS, "fitness-membership"),
    ):
        if (service, Network.IN) in plan.services and not _is_covered(plan, service):
            cite = text_in_quotes(f"printed {printed_text(plan, service)}")
            yield f"{{therapies: [{therapy}], reason: {service}_not_covered, cite: {cite}}}"
