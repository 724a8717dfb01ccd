"""Many plans with DuckDB: why lines are not covered, from the files that `camcover bulk estimate --lines` wrote.

`python bulk_duckdb.py PLANS.parquet LINES.parquet` prints reasons with how often they came and what they cost patients.
"""

from __future__ import annotations

import sys

import duckdb

QUERY = """
    SELECT plans.plan_id, lines.reason, count(*) AS lines, sum(lines.patient_cents) / 100 AS patient_dollars
    FROM read_parquet($lines) AS lines JOIN read_parquet($plans) AS plans USING (row)
    WHERE NOT lines.covered
    GROUP BY ALL
    ORDER BY patient_dollars DESC, plan_id
"""


def reasons(plans: str, lines: str) -> list[tuple[str, str, int, float]]:
    """(payer plan, reason, lines, what patients pay in dollars) of lines that are not covered, the dearest first."""
    found: list[tuple[str, str, int, float]] = duckdb.execute(QUERY, {"plans": plans, "lines": lines}).fetchall()
    return found


if __name__ == "__main__":
    for row in reasons(sys.argv[1], sys.argv[2]):
        print(*row, sep="\t")
