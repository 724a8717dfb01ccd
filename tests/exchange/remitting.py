"""X12 835 remittances for tests: what a payer would send who decides as an estimate says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from camcover.gen.camcover.v1 import estimate_pb2

HEAD = (
    "ISA*00*          *00*          *ZZ*EXAMPLEPAYER   *ZZ*EXAMPLECLINIC  *260501*0900*^*00501*000000001*0*T*:~"
    "GS*HP*EXAMPLEPAYER*EXAMPLECLINIC*20260501*0900*1*X*005010X221A1~ST*835*0001~BPR*I*0*C*CHK~TRN*1*1*1~"
    "N1*PR*EXAMPLE~N1*PE*CLINIC*XX*1234567893~LX*1~"
)
"""Eight segments; those of a test begin with the ninth."""

FIRST = 9


def file_of(segments: Sequence[str]) -> str:
    """A whole file with these segments, each without its terminator."""
    return HEAD + "".join(f"{each}~" for each in segments) + f"SE*{len(segments) + 7}*0001~GE*1*1~IEA*1*000000001~"


def remittance(estimates: Iterable[estimate_pb2.Estimate], *, with_allowed: bool = True) -> str:
    """A file in which each estimate is a claim, by its request id."""
    return file_of([segment for each in estimates for segment in _claim(each, with_allowed=with_allowed)])


def _claim(estimate: estimate_pb2.Estimate, *, with_allowed: bool) -> list[str]:
    total = estimate.totals
    owed = sum(each.amount_cents for line in estimate.lines for each in line.adjustments if each.group == "PR")
    amounts = "*".join(map(_dollars, (total.charge_cents, total.plan_paid_cents, owed)))
    segments = [
        f"CLP*{estimate.request_id}*1*{amounts}*CH*ICN{estimate.request_id}",
        f"NM1*QC*1*SAMPLE*ANA****MI*{estimate.lines[0].member_id}",
    ]
    for line in estimate.lines:
        segments += [
            f"SVC*HC:{line.code}*{_dollars(line.charge_cents)}*{_dollars(line.plan_paid_cents)}**{line.units}",
            f"DTM*472*{line.date.replace('-', '')}",
            *(f"CAS*{each.group}*{each.reason_code}*{_dollars(each.amount_cents)}" for each in line.adjustments),
            *([f"AMT*B6*{_dollars(line.allowed_cents)}"] if with_allowed and line.allowed_cents else []),
        ]
    return segments


def _dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
