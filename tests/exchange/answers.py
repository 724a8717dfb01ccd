"""X12 271 answers for tests: an envelope of an invented member around the segments of a test."""

from __future__ import annotations

from pathlib import Path

EXAMPLE = (Path(__file__).parents[2] / "docs" / "examples" / "eligibility.271").read_text(encoding="utf-8")

HEAD = (
    "ISA*00*          *00*          *ZZ*EXAMPLEPAYER   *ZZ*EXAMPLECLINIC  *260302*0900*^*00501*000000001*0*T*:~"
    "GS*HB*EXAMPLEPAYER*EXAMPLECLINIC*20260302*0900*1*X*005010X279A1~"
    "ST*271*0001*005010X279A1~BHT*0022*11*T1*20260302*0900~HL*1**20*1~NM1*PR*2*EXAMPLE*****PI*1~"
    "HL*2*1*21*1~NM1*1P*2*CLINIC*****XX*1234567893~HL*3*2*22*0~NM1*IL*1*SAMPLE*ANA****MI*X1~"
)
"""Ten segments; those of a test begin with the eleventh."""

FIRST = 11


def answer(*segments: str) -> str:
    """A whole file of one member with these segments, each without its terminator."""
    tail = f"SE*{9 + len(segments)}*0001~GE*1*1~IEA*1*000000001~"
    return HEAD + "".join(f"{each}~" for each in segments) + tail
