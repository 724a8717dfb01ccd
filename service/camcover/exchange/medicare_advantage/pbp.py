"""CMS's plan benefit package (PBP): what plans file with CMS, as tab-separated files of a plan year.

What comes in: the folder of the files. What goes out: plans, in the order of `pbp_Section_A.txt`, and what could not be
read. Read are names and kinds (section A), deductibles and maxima (section D), primary care, chiropractic, specialists
and mental health (section 7), acupuncture (section 13). Not read are cost shares outside the network (section C), the
categories of massage and alternative therapies, and reduced cost shares of groups (VBID, SSBCI); the notes say so.

The files are Windows-1252 without quotes. A key is contract, plan and segment. `1` is yes and `2` no.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from camcover.exchange.cells import CellFault, name_of, points_of, sum_of, whole_of
from camcover.exchange.delimited import DelimitedFile, DelimitedRow, open_rows
from camcover.exchange.medicare_advantage.records import (
    AdvantagePlan,
    Network,
    PlanNumber,
    Printed,
    PrintedService,
    VisitLimit,
    plan_number,
)
from camcover.exchange.medicare_advantage.table import ReadPlans
from camcover.exchange.notes import Unread, quoted

__all__ = ["FILES", "read_pbp"]

T = TypeVar("T")

KEY = ("pbp_a_hnumber", "pbp_a_plan_identifier", "segment_id")
SECTION_A, SECTION_D = "pbp_Section_A.txt", "pbp_Section_D.txt"
SECTION_7, SECTION_13 = "pbp_b7_health_prof.txt", "pbp_b13_other_services.txt"
FILES = (SECTION_A, SECTION_D, SECTION_7, SECTION_13)

KINDS = {
    "01": "HMO", "02": "HMO-POS", "04": "PPO", "09": "PFFS", "31": "Regional PPO",
}  # fmt: skip
"""Plan types of the PBP; others are not named."""

EVERY_YEAR = "3"
A_NUMBER = "2"
"""Codes of a period, and of a limit that has a number."""

_NEEDED = {
    SECTION_A: ("pbp_a_org_marketing_name", "pbp_a_plan_name", "pbp_a_plan_type", "pbp_a_eghp_yn"),
    SECTION_D: (
        "pbp_d_out_pocket_amt_yn", "pbp_d_out_pocket_amt", "pbp_d_comb_max_enr_amt_yn", "pbp_d_comb_max_enr_amt",
        "pbp_d_oon_max_enr_oopc_yn", "pbp_d_oon_max_enr_oopc_amt", "pbp_d_maxenr_oopc_yn", "pbp_d_maxenr_oopc_amt",
        "pbp_d_ann_deduct_yn", "pbp_d_ann_deduct_amt", "pbp_d_inn_deduct_yn", "pbp_d_inn_deduct_amt",
        "pbp_d_comb_deduct_yn", "pbp_d_comb_deduct_amt",
    ),
    SECTION_7: ("pbp_b7a_copay_yn", "pbp_b7b_copay_yn", "pbp_b7b_bendesc_yn", "pbp_b7d_copay_yn", "pbp_b7e_copay_yn"),
    SECTION_13: ("pbp_b13a_bendesc_yn", "pbp_b13a_copay_yn"),
}  # fmt: skip


_AMOUNTS = {each: each for each in ("pbp_d_out_pocket_amt", "pbp_d_comb_max_enr_amt")}
"""Columns of sums that are not called like their `_yn` with `_amt`."""

_CODES = frozenset({"", "1", "2", "3"})


class Columns(NamedTuple):
    """Where a service stands: the file, how its columns begin, and how the columns of its ends go on.

    `offered`: the column that says whether the plan offers it; empty = Medicare covers it. `limit`: whether there is
    one, how many visits, and over which period.
    """

    file: str
    stem: str
    copay: tuple[str, str]
    percent: tuple[str, str]
    offered: str = ""
    limit: tuple[str, ...] = ()


_COLUMNS = {
    PrintedService.PRIMARY_CARE: Columns(
        SECTION_7, "pbp_b7a", ("copay_amt_mc_min", "copay_amt_mc_max"), ("coins_pct_mc_min", "coins_pct_mc_max")
    ),
    PrintedService.MEDICARE_CHIROPRACTIC: Columns(
        SECTION_7, "pbp_b7b", ("copay_mc_amt_min", "copay_mc_amt_max"), ("coins_pct_mc_min", "coins_pct_mc_max")
    ),
    PrintedService.CHIROPRACTIC: Columns(
        SECTION_7,
        "pbp_b7b",
        ("copay_rc_amt_min", "copay_rc_amt_max"),
        ("coins_pct_rc_min", "coins_pct_rc_max"),
        "pbp_b7b_bendesc_yn",
        ("bendesc_lim_rc", "bendesc_num_rc", "bendesc_per_rc"),
    ),
    PrintedService.SPECIALIST: Columns(
        SECTION_7, "pbp_b7d", ("copay_amt_mc_min", "copay_amt_mc_max"), ("coins_pct_mc_min", "coins_pct_mc_max")
    ),
    PrintedService.MENTAL_HEALTH_INDIVIDUAL: Columns(
        SECTION_7, "pbp_b7e", ("copay_mcis_minamt", "copay_mcis_maxamt"), ("coins_mcis_minpct", "coins_mcis_maxpct")
    ),
    PrintedService.MENTAL_HEALTH_GROUP: Columns(
        SECTION_7, "pbp_b7e", ("copay_mcgs_minamt", "copay_mcgs_maxamt"), ("coins_mcgs_minpct", "coins_mcgs_maxpct")
    ),
    PrintedService.ACUPUNCTURE: Columns(
        SECTION_13,
        "pbp_b13a",
        ("copay_amt_min", "copay_amt_max"),
        ("coins_pct_min", "coins_pct_max"),
        "pbp_b13a_bendesc_yn",
        ("bendesc_lim", "bendesc_numv", "bendesc_per"),
    ),
}


def _required_cents(text: str) -> int:
    """The amount of a cell in cents. Raises `CellFault` if the cell has none."""
    cents = sum_of(text)
    if cents is None:
        raise CellFault("an amount, since the column beside it says yes")
    return cents


def read_pbp(folder: Path, year: int) -> ReadPlans:
    """The plans of a folder of PBP files. Raises `UnreadableFile`, and OSError where a file cannot be read."""
    found = ReadPlans()
    rows: dict[str, dict[PlanNumber, DelimitedRow]] = {}
    for name in FILES:
        file = open_rows(folder / name, (*KEY, *_NEEDED[name]), delimiter="\t", encoding="cp1252")
        rows[name] = _by_plan(file)
        found.unread += file.unread
        found.files.append((name, file.sha256))
    for number, row in rows[SECTION_A].items():
        plan = _Plan(found.unread, number, {name: of_file.get(number) for name, of_file in rows.items()}).read(
            row, year
        )
        if plan is not None:
            found.plans.append(plan)
    for name in FILES[1:]:
        for number, row in rows[name].items():
            if number not in rows[SECTION_A]:
                found.unread.append(Unread(name, row.line, f"plan {number}", "no such plan", f"a plan of {SECTION_A}"))
    return found


def _by_plan(file: DelimitedFile) -> dict[PlanNumber, DelimitedRow]:
    """The rows of a file by plan; a second row of a plan is listed."""
    rows: dict[PlanNumber, DelimitedRow] = {}
    for row in file.rows():
        parts = [row.values[column] for column in KEY]
        try:
            number = plan_number(*parts)
        except CellFault as fault:
            file.unread.append(Unread(file.name, row.line, "key", quoted(" ".join(parts)), str(fault)))
            continue
        if number in rows:
            file.unread.append(Unread(file.name, row.line, f"plan {number}", "a second row", "one row a plan"))
        else:
            rows[number] = row
    return rows


class _Plan:
    """Reads one plan from its rows; a cell that cannot be read is listed, and leaves the plan out."""

    def __init__(self, unread: list[Unread], number: PlanNumber, rows: Mapping[str, DelimitedRow | None]) -> None:
        self._unread, self._number, self._rows = unread, number, rows
        self._is_whole = True

    def read(self, row: DelimitedRow, year: int) -> AdvantagePlan | None:
        """The plan; None where something is missing or cannot be read."""
        for name, found in self._rows.items():
            if found is None:
                self._list(SECTION_A, row.line, f"plan {self._number}", f"no row in {name}", "a row in each file")
        if not self._is_whole:
            return None
        kind = self._text(SECTION_A, "pbp_a_plan_type")
        plan = AdvantagePlan(
            self._number,
            self._name("pbp_a_plan_name"),
            self._name("pbp_a_org_marketing_name"),
            KINDS.get(kind, ""),
            year,
            row.line,
            deductible=max((self._sum_of(f"pbp_d_{each}_deduct") or 0 for each in ("ann", "inn", "comb")), default=0),
            moop_in=self._sum_of("pbp_d_out_pocket_amt"),
            moop_out=self._sum_of("pbp_d_oon_max_enr_oopc"),
            moop_combined=self._combined(),
            services=dict(self._services()),
        )
        return plan if self._is_whole else None

    def _combined(self) -> int | None:
        """The maximum for both networks together, or of a plan without a network."""
        both = self._sum_of("pbp_d_comb_max_enr_amt")
        return self._sum_of("pbp_d_maxenr_oopc") if both is None else both

    def _services(self) -> Iterator[tuple[tuple[PrintedService, Network], Printed]]:
        """What the plan files for each service in its network."""
        for service, columns in _COLUMNS.items():
            is_covered = not columns.offered or self._says(columns.file, columns.offered)
            yield (service, Network.IN), self._printed(columns) if is_covered else Printed(is_covered=False)

    def _printed(self, columns: Columns) -> Printed:
        """A covered service. Where neither copay nor percentage is filed for it, it costs nothing."""
        file, stem = columns.file, columns.stem
        copays: tuple[int | None, int | None] = (None, None)
        points: tuple[int | None, int | None] = (None, None)
        if self._says(file, f"{stem}_copay_yn"):
            copays = self._ends(file, [f"{stem}_{each}" for each in columns.copay], sum_of)
        if self._says(file, f"{stem}_coins_yn"):
            points = self._ends(file, [f"{stem}_{each}" for each in columns.percent], points_of)
        if copays == points == (None, None):
            copays = (0, 0)
        limit = self._limit(columns)
        is_limited = bool(columns.limit) and self._text(file, f"{stem}_{columns.limit[0]}") == A_NUMBER
        return Printed(
            True,  # noqa: FBT003 - the first field
            *copays,
            *points,
            prior_authorization=self._says(file, f"{stem}_auth_yn"),
            referral=self._says(file, f"{stem}_refer_yn"),
            has_unnamed_limits=is_limited and limit is None,
            limit=limit,
        )

    def _limit(self, columns: Columns) -> VisitLimit | None:
        """Visits every year; None where there is no limit, or one over another period."""
        if not columns.limit:
            return None
        has, number, period = (f"{columns.stem}_{each}" for each in columns.limit)
        if self._text(columns.file, has) != A_NUMBER or self._text(columns.file, period) != EVERY_YEAR:
            return None
        visits = self._value(columns.file, number, lambda text: whole_of(text, 999))
        return VisitLimit(visits) if visits else None

    # Cells

    def _text(self, file: str, column: str) -> str:
        """A cell; empty where the file does not have the column."""
        row = self._rows[file]
        return "" if row is None else row.values.get(column, "")

    def _value(self, file: str, column: str, read: Callable[[str], T]) -> T | None:
        """A cell as a value; None where it is none, which is listed."""
        text = self._text(file, column)
        try:
            return read(text)
        except CellFault as fault:
            row = self._rows[file]
            self._list(file, row.line if row else 0, f"column {column}", quoted(text), str(fault))
            return None

    def _says(self, file: str, column: str) -> bool:
        """Whether a cell says yes; anything but the codes of yes, no and a range is listed."""
        text = self._text(file, column)
        if text not in _CODES:
            row = self._rows[file]
            self._list(file, row.line if row else 0, f"column {column}", quoted(text), "1 (yes), 2 (no), 3, or nothing")
        return text == "1"

    def _name(self, column: str) -> str:
        """A name, which must not be empty."""
        return self._value(SECTION_A, column, name_of) or ""

    def _sum_of(self, stem: str) -> int | None:
        """A sum of section D whose `_yn` says yes; then it has an amount."""
        if not self._says(SECTION_D, f"{stem}_yn"):
            return None
        return self._value(SECTION_D, _AMOUNTS.get(stem, f"{stem}_amt"), _required_cents)

    def _ends(
        self, file: str, columns: Sequence[str], read: Callable[[str], int | None]
    ) -> tuple[int | None, int | None]:
        """The least and the most; where one is empty, it is the other."""
        low, high = (self._value(file, column, read) for column in columns)
        low, high = (high if low is None else low), (low if high is None else high)
        if low is not None and high is not None and low > high:
            row = self._rows[file]
            found = quoted(f"{self._text(file, columns[0])} to {self._text(file, columns[1])}")
            expected = "a least that is no more than the most"
            self._list(file, row.line if row else 0, f"column {columns[0]}", found, expected)
        return low, high

    def _list(self, file: str, line: int, place: str, found: str, expected: str) -> None:  # noqa: PLR0917 - the fields of `Unread`
        self._unread.append(Unread(file, line, place, found, expected))
        self._is_whole = False
