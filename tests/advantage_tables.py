"""Tables of invented Medicare Advantage plans, in the columns of the plan finder's tables and of CMS's PBP files."""

from __future__ import annotations

from pathlib import Path

from camcover.exchange.medicare_advantage.table import BENEFIT_COLUMNS, PLAN_COLUMNS

PLANS = """\
H0001-001-0,Plain Plan (HMO),Example Health,HMO,,Ohio,0,,400000,,
H0001-002-0,"Wide Plan, with all (PPO)",Example Health,PPO,,Ohio;Texas,25000,,500000,,900000
"""

BENEFITS = """\
H0001-001-0,acupuncture,in,yes,1000,1000,,,no,no,yes,$10 copay
H0001-001-0,alternative_therapies,in,no,,,,,no,no,no,Not covered
H0001-001-0,chiropractic,in,no,,,,,no,no,no,Not covered
H0001-001-0,fitness,in,yes,0,0,,,no,no,no,$0 copay
H0001-001-0,massage,in,no,,,,,no,no,no,Not covered
H0001-001-0,mental_health_group,in,yes,2000,2000,,,no,no,no,$20 copay
H0001-001-0,mental_health_individual,in,yes,2500,2500,,,yes,no,no,$25 copay
H0001-001-0,primary_care,in,yes,0,0,,,no,no,no,$0 copay
H0001-001-0,specialist,in,yes,4000,4000,,,no,no,no,$40 copay
H0001-002-0,acupuncture,in,no,,,,,no,no,no,Not covered
H0001-002-0,alternative_therapies,in,yes,1500,1500,,,no,no,yes,$15 copay
H0001-002-0,chiropractic,in,yes,2000,2000,,,no,no,no,$20 copay
H0001-002-0,chiropractic,out,yes,4500,4500,5000,5000,no,no,no,"$45 copay, 50% coinsurance"
H0001-002-0,massage,in,yes,3000,3000,,,no,yes,yes,$30 copay
H0001-002-0,mental_health_group,in,yes,,,2000,2000,no,no,no,0% or 20% coinsurance
H0001-002-0,mental_health_individual,in,yes,,,0,2000,no,no,no,0%-20% coinsurance
H0001-002-0,primary_care,in,yes,0,0,,,no,no,no,$0 copay
H0001-002-0,primary_care,out,yes,,,4000,4000,no,no,no,40% coinsurance
H0001-002-0,specialist,in,yes,1000,3500,,,no,no,no,$10-$35 copay
H0001-002-0,specialist,out,yes,,,4000,4000,no,no,no,40% coinsurance
"""


def tables(folder: Path, plans: str = PLANS, benefits: str = BENEFITS) -> tuple[Path, Path]:
    """The two tables as files."""
    paths = folder / "plans.csv", folder / "benefits.csv"
    for path, columns, rows in zip(paths, (PLAN_COLUMNS, BENEFIT_COLUMNS), (plans, benefits), strict=True):
        path.write_text(f"{','.join(columns)}\n{rows}", encoding="utf-8")
    return paths


KEY = {"pbp_a_hnumber": "H0002", "pbp_a_plan_identifier": "003", "segment_id": "0"}
SECTION_A = {
    "pbp_a_org_marketing_name": "Example Société",
    "pbp_a_plan_name": "Filed Plan (HMO)",
    "pbp_a_plan_type": "01",
    "pbp_a_eghp_yn": "2",
}
SECTION_D = {
    "pbp_d_out_pocket_amt_yn": "1", "pbp_d_out_pocket_amt": "3300.00", "pbp_d_comb_max_enr_amt_yn": "",
    "pbp_d_comb_max_enr_amt": "", "pbp_d_oon_max_enr_oopc_yn": "", "pbp_d_oon_max_enr_oopc_amt": "",
    "pbp_d_maxenr_oopc_yn": "", "pbp_d_maxenr_oopc_amt": "", "pbp_d_ann_deduct_yn": "", "pbp_d_ann_deduct_amt": "",
    "pbp_d_inn_deduct_yn": "2", "pbp_d_inn_deduct_amt": "", "pbp_d_comb_deduct_yn": "", "pbp_d_comb_deduct_amt": "",
}  # fmt: skip
SECTION_7 = {
    "pbp_b7a_coins_yn": "2", "pbp_b7a_coins_pct_mc_min": "", "pbp_b7a_coins_pct_mc_max": "", "pbp_b7a_copay_yn": "1",
    "pbp_b7a_copay_amt_mc_min": "0.00", "pbp_b7a_copay_amt_mc_max": "0.00",
    "pbp_b7b_bendesc_yn": "1", "pbp_b7b_bendesc_lim_rc": "2", "pbp_b7b_bendesc_num_rc": "6",
    "pbp_b7b_bendesc_per_rc": "3", "pbp_b7b_coins_yn": "2", "pbp_b7b_copay_yn": "1",
    "pbp_b7b_copay_mc_amt_min": "15.00", "pbp_b7b_copay_mc_amt_max": "15.00",
    "pbp_b7b_copay_rc_amt_min": "20.00", "pbp_b7b_copay_rc_amt_max": "20.00",
    "pbp_b7b_auth_yn": "2", "pbp_b7b_refer_yn": "2",
    "pbp_b7d_coins_yn": "2", "pbp_b7d_copay_yn": "1", "pbp_b7d_copay_amt_mc_min": "10.00",
    "pbp_b7d_copay_amt_mc_max": "38.50", "pbp_b7d_auth_yn": "1", "pbp_b7d_refer_yn": "2",
    "pbp_b7e_coins_yn": "1", "pbp_b7e_coins_mcis_minpct": "20", "pbp_b7e_coins_mcis_maxpct": "",
    "pbp_b7e_coins_mcgs_minpct": "12.50", "pbp_b7e_coins_mcgs_maxpct": "20", "pbp_b7e_copay_yn": "2",
}  # fmt: skip
SECTION_13 = {
    "pbp_b13a_bendesc_yn": "1", "pbp_b13a_bendesc_lim": "2", "pbp_b13a_bendesc_numv": "2", "pbp_b13a_bendesc_per": "3",
    "pbp_b13a_coins_yn": "2", "pbp_b13a_copay_yn": "1", "pbp_b13a_copay_amt_min": "5.00",
    "pbp_b13a_copay_amt_max": "5.00", "pbp_b13a_auth_yn": "1", "pbp_b13a_refer_yn": "2",
}  # fmt: skip
PBP = {
    "pbp_Section_A.txt": SECTION_A,
    "pbp_Section_D.txt": SECTION_D,
    "pbp_b7_health_prof.txt": SECTION_7,
    "pbp_b13_other_services.txt": SECTION_13,
}


def package(folder: Path, **changes: str) -> Path:
    """A folder of PBP files with one plan; `changes` of its cells, by column."""
    for name, cells in PBP.items():
        row = KEY | cells
        row |= {column: cell for column, cell in changes.items() if column in row}
        text = "\t".join(row) + "\r\n" + "\t".join(row.values()) + "\r\n"
        (folder / name).write_bytes(text.encode("cp1252"))
    return folder
