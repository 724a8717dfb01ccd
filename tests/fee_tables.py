"""The Medicare physician fee schedule in CMS's files: real values without descriptions, and enough localities."""

from __future__ import annotations

from pathlib import Path

RVU_2025 = """\
,,2025 National Physician Fee Schedule Relative Value File October Release,,,,,,,,,,,,,,,,,,,,,,,,,,,,
,,RELEASED 09/11/2025,,,,,,,,,,,,,,,,,,,,,,,,,,,,
,, , ,,,,,,,,,,,,,,,,,,,,,,,,,NON-FACILITY,FACILITY,
,,,,NOT USED,,,,,,,,,,,,,,,,,,,,,PHYSICIAN,,DIAGNOSTIC,PE USED,PE USED,MP USED
,,,,FOR,,,NON-FAC,,FACILITY ,,,,,,,,,,,,,,,,SUPERVISION OF,,IMAGING,FOR OPPS,FOR OPPS,FOR OPPS
,,,STATUS,MEDICARE ,WORK,NON-FAC,NA,FACILITY,NA,MP,NON-FACILITY,FACILITY,PCTC,GLOB,PRE,INTRA,POST,MULT,BILAT,ASST,CO-,\
TEAM,ENDO,CONV,DIAGNOSTIC,CALCULATION,FAMILY,PAYMENT,PAYMENT,PAYMENT
HCPCS,MOD,DESCRIPTION,CODE,PAYMENT,RVU,PE RVU,INDICATOR,PE RVU,INDICATOR,RVU,TOTAL,TOTAL,IND,DAYS,OP,OP,OP,PROC,SURG,\
SURG,SURG,SURG,BASE,FACTOR,PROCEDURES,FLAG,INDICATOR,AMOUNT,AMOUNT,AMOUNT
97010,,,B,+,0.06,0.13,,0.13,NA,0.01,0.20,0.20,9,XXX,0.00,0.00,0.00,9,9,9,9,9,,32.3465,09,0,99,0.00,0.00,0.00
97140,,,A,,0.43,0.40,,0.40,NA,0.01,0.84,0.84,7,XXX,0.00,0.00,0.00,5,0,0,0,0,,32.3465,09,0,99,0.00,0.00,0.00
97810,,,A,,0.61,0.73,,0.28,,0.04,1.38,0.93,0,XXX,0.00,0.00,0.00,0,0,1,0,0,,32.3465,09,0,99,0.00,0.00,0.00
98940,,,A,,0.46,0.35,,0.19,,0.01,0.82,0.66,0,000,0.00,0.00,0.00,0,0,0,0,0,,32.3465,09,0,99,0.00,0.00,0.00
98943,,,N,+,0.46,0.28,,0.18,,0.03,0.77,0.67,9,XXX,0.00,0.00,0.00,9,9,9,9,9,,32.3465,09,0,99,0.00,0.00,0.00
00100,,,J,,0.00,0.00,,0.00,,0.00,0.00,0.00,9,XXX,0.00,0.00,0.00,9,9,9,9,9,,20.3178,09,0,99,0.00,0.00,0.00
"""
"""RVU25D: its heading, and five codes of the catalog. 00100 is none of them."""

RVU_2026 = """\
,,2026 National Physician Fee Schedule Relative Value File July Release,,,,,,,,,,,,,,,,,,,,,,,,,,,,,
,,,,NOT USED,,,,,,,,,,,,,,,,,,,,,,PHYSICIAN,,DIAGNOSTIC,PE USED,PE USED,MP USED
,,,,FOR,,,NON-FAC,,FACILITY,,,,,,,,,,,,,,,,,SUPERVISION OF,,IMAGING,FOR OPPS,FOR OPPS,FOR OPPS
,,,STATUS,MEDICARE,WORK,NON-FAC,NA,FACILITY,NA,MP,NON-FACILITY,FACILITY,PCTC,GLOB,PRE,INTRA,POST,MULT,BILAT,ASST,CO-,\
TEAM,PRIC,ENDO,CONV,DIAGNOSTIC,CALCULATION,FAMILY,PAYMENT,PAYMENT,PAYMENT
HCPCS,MOD,DESCRIPTION,CODE,PAYMENT,RVU,PE RVU,INDICATOR,PE RVU,INDICATOR,RVU,TOTAL,TOTAL,IND,DAYS,OP,OP,OP,PROC,SURG,\
SURG,SURG,SURG,IND,BASE,FACTOR,PROCEDURES,FLAG,INDICATOR,AMOUNT,AMOUNT,AMOUNT
20560,,,A,,0.31,0.42,,0.05,,0.01,0.74,0.37,0,XXX,0.00,0.00,0.00,0,0,1,0,0,9,,33.4009,09,0,99,0.00,0.00,0.00
"""
"""RVU26C, which has one column more."""

SEATTLE = "02402,WA,02,SEATTLE (KING CNTY),1.043,1.22,0.853"
_GPCI_HEAD = """\
ADDENDUM E. FINAL CY 2025 GEOGRAPHIC PRACTICE COST INDICES (GPCIs) BY STATE AND MEDICARE LOCALITY,,,,,,
,,,,,,
Medicare Administrative Contractor (MAC),State,Locality Number,Locality Name,2025 PW GPCI (with 1.0 Floor),\
2025 PE GPCI,2025 MP GPCI
"""
_GPCI_TAIL = """\
"MAC Assignments as of November 22, 2023",,,,,,
,,,,,,
*Work GPCI reflects a 1.5 floor in Alaska established by the MIPPA.,,,,,,
"""
ZIPS = """\
WA981010240202 Z9   0 A                                                    20254
WA983330240202 Z9   1 A                                                    20254
WA988010240299 Z9   0 A                                                    20254
"""
"""Three lines of the ZIP codes: Seattle; one that needs four more digits; one whose locality no test has."""


def indices(others: int = 108, *first: str) -> str:
    """The table of indices: Seattle, then `first`, then so many invented localities of one contractor."""
    invented = [f"99999,ZZ,{number:02},PLACE {number},1,1,1" for number in range(others - len(first))]
    if others > 100:
        invented[100:] = [f"99998,ZY,{number:02},TOWN {number},1,1,1" for number in range(len(invented) - 100)]
    return _GPCI_HEAD + "\n".join([SEATTLE, *first, *invented]) + "\n" + _GPCI_TAIL


def schedule(folder: Path, rvu: str = RVU_2025, gpci: str = "") -> tuple[Path, Path]:
    """The two files, with the line ends of CMS's."""
    paths = folder / "rvu.csv", folder / "gpci.csv"
    for path, text in zip(paths, (rvu, gpci or indices()), strict=True):
        path.write_bytes(text.replace("\n", "\r\n").encode("latin-1"))
    return paths
