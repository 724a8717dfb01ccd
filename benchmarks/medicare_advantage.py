"""Plan files in bulk from real data: Medicare Advantage plans of 2026, each with its own cost share.

What comes in: the folder with the two tables read from the public Medicare plan finder (plans, benefits). What goes
out: YAML texts of `kind: plan` that need no other file than the catalog. A plan without fees allows the charge.

What the finder leaves open is settled so: of a range the minimum; a copay and a percentage printed together both
apply; prior authorization and referral as the row in the network asks; the deductible is for what Medicare covers,
not for supplemental benefits, whose cost share stays outside the maximum. Medicare's own acupuncture and chiropractic
are at the specialist's cost share; a routine chiropractic benefit stands for Medicare's. Rows without a therapy in the
catalog are left out, and so are group therapy and counseling, which would stand unreached beside psychotherapy.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import count as numbers
from itertools import islice
from pathlib import Path

__all__ = ["catalog_text", "plan_texts"]

CATALOG = Path(__file__).resolve().parent.parent / "rules" / "catalog" / "cam-core.yaml"
PLANS = "medicare-advantage-2026-plans.csv.gz"
BENEFITS = "medicare-advantage-2026-benefits.csv.gz"

Row = dict[str, str]
Rows = dict[tuple[str, str], Row]
"""The covered rows of a plan that name a therapy, by benefit and network."""

NETWORKS = {"in": "in_network", "out": "out_of_network"}
LOW_BACK_PAIN = "conditions: [chronic-low-back-pain], practitioners: [physician, osteopath, nurse]"
MANIPULATION = "icd10: [M99.0], practitioners: [osteopath, physician]"
OFFERED = (
    ("specialist", "medicare-acupuncture", "acupuncture, dry-needling", LOW_BACK_PAIN),
    ("specialist", "medicare-chiropractic", "chiropractic", "conditions: [subluxation], practitioners: [chiropractor]"),
    ("specialist", "osteopathic-manipulation", "osteopathic-manipulation", MANIPULATION),
    ("mental_health_individual", "psychotherapy", "psychotherapy", ""),
    ("acupuncture", "acupuncture", "acupuncture", ""),
    ("chiropractic", "chiropractic", "chiropractic", "practitioners: [chiropractor]"),
    ("massage", "massage", "therapeutic-massage", ""),
    ("alternative_therapies", "naturopathy", "naturopathy", "practitioners: [naturopath], licensed: required"),
)
"""Row of the finder, id of the benefit, therapies, criteria; in the order of the file."""

COVERED_BY_MEDICARE = ("specialist", "mental_health_individual")
NAMED = frozenset(row for row, *_ in OFFERED)
ACUPUNCTURE_LIMITS = """\
    limits:
      - {id: ninety-days, allow: 12 visits, per: rolling 90 days, beyond: improvement_documented}
      - {id: twelve-months, allow: 20 visits, per: rolling 12 months}
    when_exhausted: next
"""


def catalog_text() -> str:
    """The shipped catalog, to which the plans refer."""
    return CATALOG.read_text(encoding="utf-8")


def plan_texts(count: int, data: Path) -> dict[str, str]:
    """`count` plan files, name -> YAML: each real plan in turn, then all of them again under new ids (-2, -3, ...).

    Raises FileNotFoundError when one of the two tables is not in `data`.
    """
    plans = _rows(data / PLANS)
    covered: defaultdict[str, Rows] = defaultdict(dict)
    for row in _rows(data / BENEFITS):
        if row["covered"] == "yes" and row["benefit"] in NAMED:
            covered[row["plan_id"]][row["benefit"], row["network"]] = row
    originals = [(plan["plan_id"].lower(), _body(plan, covered[plan["plan_id"]])) for plan in plans]
    head = "format: camcover/1\nkind: plan\nid:"
    return {f"{name}.yaml": f"{head} {name}\n{body}" for name, body in islice(_repeated(originals), count)}


def _repeated(originals: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Every plan as it is, then again and again with the number of the round behind its id."""
    yield from originals
    for turn in numbers(2):
        yield from ((f"{name}-{turn}", body) for name, body in originals)


def _rows(table: Path) -> list[Row]:
    """The rows of one table."""
    if not table.is_file():
        raise FileNotFoundError(f"no Medicare Advantage data here: {table}")
    with gzip.open(table, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _body(plan: Row, rows: Rows) -> str:
    """The text behind the id."""
    payer = re.sub(r"[^a-z0-9]+", "-", plan["organization"].lower()).strip("-")
    name, organization = (json.dumps(plan[key], ensure_ascii=False) for key in ("name", "organization"))
    return (
        f"name: {name}\n"
        f"payer: {{id: {payer}, name: {organization}}}\n"
        "effective: {from: 2026-01-01, to: 2026-12-31}\n"
        "benefit_period: calendar_year\n"
        "illustrative: yes\n"
        "reviewed: {on: 2026-11-20, by: rules team, next: 2027-06-30}\n\n"
        f"{_sums(plan, has_outside=any(network == 'out' for _, network in rows))}\n"
        f"benefits:\n{''.join(_benefits(rows, has_deductible=_cents(plan, 'health_deductible') > 0))}\n"
        "otherwise: not_covered\nnot_covered_pays: charge\n"
    )


def _sums(plan: Row, *, has_outside: bool) -> str:
    """Accumulators and tiers; what a maximum takes, the combined one takes too."""
    deductible = _cents(plan, "health_deductible")
    usual = ("moop_in", "moop_out", "moop_combined") if has_outside else ("moop_in", "moop_combined")
    maxima = [name for name in usual if plan[f"{name}_cents"]]
    lines = [f"  deductible: {{kind: deductible, individual: {_money(deductible)}}}\n"] if deductible else []
    for name in maxima:
        feeds = ", feeds: [moop_combined]" if name != "moop_combined" and "moop_combined" in maxima else ""
        lines.append(f"  {name}: {{kind: out_of_pocket_maximum, individual: {_money(_cents(plan, name))}{feeds}}}\n")
    tiers = [
        f"  {NETWORKS[network]}: {{deductible: {'deductible' if deductible else 'none'}, out_of_pocket_maximum: "
        f"{next((name for name in (own, 'moop_combined') if name in maxima), 'none')}, above_allowed: {above}}}\n"
        for network, own, above in (("in", "moop_in", "written_off"), ("out", "moop_out", "member"))
        if network == "in" or has_outside
    ]
    accumulators = f"accumulators:\n{''.join(lines)}\n" if lines else ""
    return f"{accumulators}tiers:\n{''.join(tiers)}"


def _benefits(rows: Rows, *, has_deductible: bool) -> Iterator[str]:
    """Each benefit with a row, its terms, and a block for each network."""
    for row, name, therapies, when in OFFERED:
        shares = {network: rows[row, network] for network in NETWORKS if (row, network) in rows}
        is_replaced = name == "medicare-chiropractic" and any(benefit == "chiropractic" for benefit, _ in rows)
        if shares and not is_replaced:
            is_medicare = row in COVERED_BY_MEDICARE
            asking = next(iter(shares.values()))
            asked = ", ".join(word for word in ("prior_authorization", "referral") if asking[word] == "yes")
            yield f"  {name}:\n    therapies: [{therapies}]\n"
            yield f"    when: {{{when}}}\n" if when else ""
            yield f"    requires: [{asked}]\n" if asked else ""
            yield ACUPUNCTURE_LIMITS if name == "medicare-acupuncture" else ""
            yield "" if is_medicare else "    counts_toward_out_of_pocket_maximum: no\n"
            for network, share in shares.items():
                steps = _steps(share, "deductible" if is_medicare and has_deductible else "")
                yield f"    {NETWORKS[network]}: {{member_pays: [{steps}]}}\n"


def _steps(row: Row, first_step: str) -> str:
    """The steps, in order: the deductible if any, the copay, the coinsurance; what is 0 is left out."""
    copay, coinsurance = _cents(row, "copay_min"), int(row["coinsurance_min_bp"] or 0)
    paid = f"{{copay: {_money(copay)} per visit}}" if copay else ""
    share = f"{{coinsurance: {coinsurance // 100}.{coinsurance % 100:02}%}}" if coinsurance else ""
    return ", ".join(filter(None, (first_step, paid, share))) or "nothing"


def _cents(row: Row, column: str) -> int:
    return int(row[f"{column}_cents"] or 0)


def _money(cents: int) -> str:
    return f"${cents // 100}.{cents % 100:02}"
