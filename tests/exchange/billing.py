"""X12 837P claims for tests: an envelope of invented people around the segments of a test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

EXAMPLE = (Path(__file__).parents[2] / "docs" / "examples" / "claim.837").read_text(encoding="utf-8")

HEAD = (
    "ISA*00*          *00*          *ZZ*EXAMPLECLINIC  *ZZ*EXAMPLEPAYER   *260330*0900*^*00501*000000001*0*T*:~"
    "GS*HC*EXAMPLECLINIC*EXAMPLEPAYER*20260330*0900*1*X*005010X222A1~"
    "ST*837*0001*005010X222A1~BHT*0019*00*B1*20260330*0900*CH~HL*1**20*1~PRV*BI*PXC*171100000X~"
    "NM1*85*2*CLINIC*****XX*1234567893~N4*SEATTLE*WA*98101~"
    "HL*2*1*22*0~SBR*P*18*******CI~NM1*IL*1*SAMPLE*ANA****MI*X1~N4*PORTLAND*OR*97201~DMG*D8*19820211*F~"
)
"""Thirteen segments; those of a test begin with the fourteenth."""

FIRST = 14

CLAIM = ("CLM*c1*110***11:B:1*Y*A*Y*Y", "HI*ABK:M5450", "LX*1", "SV1*HC:97810*110*UN*1***1", "DTP*472*D8*20260302")
"""One visit in the office at 110.00."""


def claim_file(*segments: str, biller: Sequence[str] = ()) -> str:
    """A whole file with these segments, each without its terminator; `biller`: those behind the name of who bills."""
    tail = f"SE*{len(segments) + len(biller) + 12}*0001~GE*1*1~IEA*1*000000001~"
    head = HEAD.replace("*XX*1234567893~", "~".join(["*XX*1234567893", *biller, ""]))
    return head + "".join(f"{each}~" for each in segments) + tail
