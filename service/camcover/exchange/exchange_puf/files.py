"""The two public use files of the federal exchanges: plan attributes, and benefits with their cost shares.

What comes in: two CSV files, plain or as `.gz`, of a plan year. What goes out: plan variants in the order of the first
file, and what could not be read. A plan is read whole or not at all. The benefit file is read row by row, since it has
well over a million; kept are the rows of benefits that our files have (`BENEFITS`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from camcover.exchange.cells import CellFault, name_of, one_line_of
from camcover.exchange.delimited import DelimitedFile, DelimitedRow, open_rows
from camcover.exchange.exchange_puf.cost_shares import coinsurance_of, copay_of, share_of
from camcover.exchange.exchange_puf.limits import limit_of
from camcover.exchange.exchange_puf.records import ExchangeBenefit, ExchangePlan, FamilySum, PlanSums, plan_id_of
from camcover.exchange.notes import Unread
from camcover.exchange.row_cells import RowCells, fault_of
from camcover.exchange.shares import CostShare
from camcover.money import Cents

__all__ = ["BENEFITS", "ReadExchange", "read_exchange"]

BENEFITS = {
    "acupuncture": "acupuncture",
    "chiropractic care": "chiropractic",
    "massage therapy": "massage",
    "nutritional counseling": "nutrition-counseling",
    "mental/behavioral health outpatient services": "psychotherapy",
    "diabetes education": "diabetes-education",
    "weight loss programs": "weight-management",
    "chronic pain treatment": "chronic-pain-management",
    "doula": "doula",
    "fitness benefit - adult": "fitness",
    "active & fit": "fitness",
}
"""The benefits of our files, by the name in the benefit file (whatever its case)."""

_SUMS = ("InnTier1", "InnTier2", "OutOfNet", "CombInnOon")
_NEEDED_OF_PLANS = (
    "PlanId", "StateCode", "IssuerId", "IssuerMarketPlaceMarketingName", "PlanMarketingName", "PlanType", "MetalLevel",
    "CSRVariationType", "DentalOnlyPlan", "IsHSAEligible", "MultipleInNetworkTiers", "MedicalDrugDeductiblesIntegrated",
    "MedicalDrugMaximumOutofPocketIntegrated",
    *(f"{kind}Ded{place}{whom}" for kind in ("TEHB", "MEHB") for place in _SUMS
      for whom in ("Individual", "FamilyPerPerson", "FamilyPerGroup")),
    *(f"{kind}{place}{whom}MOOP" for kind in ("TEHB", "MEHB") for place in _SUMS
      for whom in ("Individual", "FamilyPerPerson", "FamilyPerGroup")),
)  # fmt: skip
_NEEDED_OF_BENEFITS = (
    "PlanId", "BenefitName", "CopayInnTier1", "CopayInnTier2", "CopayOutofNet", "CoinsInnTier1", "CoinsInnTier2",
    "CoinsOutofNet", "IsCovered", "QuantLimitOnSvc", "LimitQty", "LimitUnit", "Explanation", "IsExclFromInnMOOP",
    "IsExclFromOonMOOP",
)  # fmt: skip
_AMOUNT = re.compile(r"\$([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,7})(?: per (?:person|group))?")
_NONE = frozenset({"", "not applicable", "per person not applicable", "per group not applicable"})

MOST_CENTS = 100_000_000
LONGEST_EXPLANATION = 200


@dataclass(slots=True)
class ReadExchange:
    """Plans in order, what could not be read, and the files: name and SHA-256."""

    plans: list[ExchangePlan] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    files: list[tuple[str, str]] = field(default_factory=list)


def read_exchange(plans: Path, benefits: Path, year: int, variants: Collection[str] = ()) -> ReadExchange:
    """The plans of the two files; `variants`: only these, such as `01`, else all.

    Raises `UnreadableFile`, and OSError where a file cannot be read.
    """
    of_plans = open_rows(plans, tuple(map(str.lower, _NEEDED_OF_PLANS)))
    of_benefits = open_rows(benefits, tuple(map(str.lower, _NEEDED_OF_BENEFITS)))
    drafts: dict[str, ExchangePlan] = {}
    left_out: set[str] = set()
    for row in of_plans.rows():
        cells = RowCells(of_plans, row)
        plan_id = cells.get("planid", plan_id_of)
        if plan_id is None:
            continue
        if cells.text("dentalonlyplan").lower() == "yes" or (variants and plan_id[-2:] not in variants):
            left_out.add(plan_id)
            continue
        plan = _plan(cells, plan_id, year)
        if plan_id in drafts:
            of_plans.unread.append(fault_of(of_plans, row, "planid", "a plan that no earlier row has"))
        elif plan is None:
            left_out.add(plan_id)
        else:
            drafts[plan_id] = plan
    found = {plan_id: _Benefits() for plan_id in drafts}
    spoilt = _read_benefits(of_benefits, found, left_out)
    read = ReadExchange(unread=[*of_plans.unread, *of_benefits.unread])
    read.files = [(each.name, each.sha256) for each in (of_plans, of_benefits)]
    for plan_id, plan in drafts.items():
        known = found[plan_id]
        if plan_id in spoilt or not known.covered:
            why = "a row that could not be read" if plan_id in spoilt else "no covered benefit of our files"
            expected = "a plan that can be read whole; it is left out"
            read.unread.append(Unread(of_plans.name, plan.line, f"plan {plan_id}", why, expected))
        else:
            names = frozenset(known.excluded - known.covered.keys())
            read.plans.append(replace(plan, benefits=known.covered, excluded=names))
    return read


def _yes(text: str) -> bool:
    if text.lower() not in {"yes", "no", ""}:
        raise CellFault("Yes, No, or nothing")
    return text.lower() == "yes"


def _says_yes(cells: RowCells, column: str) -> bool:
    """Whether a cell says `Yes`; an empty one does not."""
    return cells.get(column, _yes) or False


def _issuer(text: str) -> str:
    if not re.fullmatch(r"[0-9]{5}", text):
        raise CellFault("five digits")
    return text


def _sum(text: str) -> int | None:
    """An amount such as `$6,000`, `$12000 per group`; None where there is none."""
    if text.lower() in _NONE:
        return None
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise CellFault("an amount such as $6,000 or $12000 per group, or not applicable")
    return Cents(min(int(found[1].replace(",", "")) * 100, MOST_CENTS))


def _plan(cells: RowCells, plan_id: str, year: int) -> ExchangePlan | None:
    """A plan without its benefits; None where a cell cannot be read."""
    is_one_deductible = _says_yes(cells, "medicaldrugdeductiblesintegrated")
    is_one_maximum = _says_yes(cells, "medicaldrugmaximumoutofpocketintegrated")
    plan = ExchangePlan(
        plan_id,
        cells.get("planmarketingname", name_of) or "",
        cells.get("issuerid", _issuer) or "",
        cells.get("issuermarketplacemarketingname", name_of) or "",
        cells.get("statecode", one_line_of) or "",
        cells.get("plantype", one_line_of) or "",
        cells.get("metallevel", one_line_of) or "",
        cells.get("csrvariationtype", one_line_of) or "",
        year,
        cells.line,
        hsa=_says_yes(cells, "ishsaeligible"),
        two_tiers=_says_yes(cells, "multipleinnetworktiers"),
        deductible=_sums(cells, "tehbded" if is_one_deductible else "mehbded", ""),
        maximum=_sums(cells, "tehb" if is_one_maximum else "mehb", "moop"),
    )
    return plan if cells.is_whole else None


def _sums(cells: RowCells, beginning: str, end: str) -> PlanSums:
    """The four families of amounts."""

    def family(place: str) -> FamilySum:
        stem = f"{beginning}{place.lower()}"
        whom = ("individual", "familyperperson", "familypergroup")
        return FamilySum(*(cells.get(f"{stem}{each}{end}", _sum) for each in whom))

    return PlanSums(*map(family, _SUMS))


def _read_benefits(
    file: DelimitedFile,
    found: Mapping[str, _Benefits],
    left_out: Collection[str],
) -> set[str]:
    """Put each row with its plan; gives the plans of which a row could not be read.

    Rows of a plan stand together. So a row of which not even the plan is known is one of the plan before or behind it.
    """
    spoilt: set[str] = set()
    unknown: set[str] = set()
    last, faults = "", 0
    for row in file.rows():
        text = row.values["planid"]
        plan_id = text if "-" in text else f"{text}-01"
        if len(file.unread) > faults:
            spoilt |= {last, plan_id}
        name = BENEFITS.get(row.values["benefitname"].lower())
        if plan_id in found and name is not None:
            if not _put(file, row, name, found[plan_id]):
                spoilt.add(plan_id)
        elif plan_id not in found and plan_id not in left_out and plan_id not in unknown:
            unknown.add(plan_id)
            file.unread.append(fault_of(file, row, "planid", "a plan that the other file has"))
        last, faults = plan_id, len(file.unread)
    if len(file.unread) > faults:
        spoilt.add(last)
    return spoilt


@dataclass(slots=True)
class _Benefits:
    """What was read of a plan's benefits so far: covered ones, and those that are not."""

    covered: dict[str, ExchangeBenefit] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)


def _put(file: DelimitedFile, row: DelimitedRow, name: str, known: _Benefits) -> bool:
    """Put a row with its plan's others; gives whether it could be read."""
    if row.values["iscovered"] not in {"Covered", "Not Covered", ""}:
        file.unread.append(fault_of(file, row, "iscovered", "Covered, Not Covered, or nothing"))
        return False
    if row.values["iscovered"] != "Covered":
        known.excluded.add(name)
        return True
    cells = RowCells(file, row)
    benefit = _benefit(cells, row)
    if not cells.is_whole:
        return False
    before = known.covered.setdefault(name, benefit)
    if before is not benefit and before._replace(line=0, name="") != benefit._replace(line=0, name=""):
        file.unread.append(
            fault_of(file, row, "benefitname", "a benefit that no earlier row of the plan has, or the same again")
        )
        return False
    return True


def _benefit(cells: RowCells, row: DelimitedRow) -> ExchangeBenefit:
    """A covered benefit of a row."""

    def share(copay: str, percent: str) -> CostShare | None:
        return share_of(cells.get(copay, copay_of), cells.get(percent, coinsurance_of))

    limit = None
    if _says_yes(cells, "quantlimitonsvc") or cells.text("limitqty"):
        limit = cells.get("limitqty", lambda quantity: limit_of(quantity, row.values["limitunit"]))
    return ExchangeBenefit(
        one_line_of(cells.text("benefitname")),
        row.line,
        share("copayinntier1", "coinsinntier1"),
        share("copayinntier2", "coinsinntier2"),
        share("copayoutofnet", "coinsoutofnet"),
        limit,
        _explanation(cells.text("explanation")),
        counts_inside=not _says_yes(cells, "isexclfrominnmoop"),
        counts_outside=not _says_yes(cells, "isexclfromoonmoop"),
        printed=_printed(row),
    )


def _explanation(text: str) -> str:
    """An explanation on one line; a long one without its end."""
    words = " ".join(text.split())
    try:
        return one_line_of(words[:LONGEST_EXPLANATION]) + ("..." if len(words) > LONGEST_EXPLANATION else "")
    except CellFault:
        return ""


def _printed(row: DelimitedRow) -> str:
    """What the cells print, in the order of the columns: `$30.00, out of network 50.00%`."""
    tiers = (("copayinntier1", "coinsinntier1", ""), ("copayinntier2", "coinsinntier2", "second tier "),
             ("copayoutofnet", "coinsoutofnet", "out of network "))  # fmt: skip
    parts = []
    for copay, percent, where in tiers:
        stated = [row.values[each] for each in (copay, percent) if row.values[each] not in {"", "Not Applicable"}]
        if stated:
            parts.append(where + " and ".join(stated))
    return ", ".join(parts) or "cost share not stated"
