"""Many plans with Polars: the results of `camcover bulk estimate`, joined to the book they came from.

`python bulk_polars.py REQUESTS.parquet PLANS.parquet` prints what the patients of each payer plan and age group pay.
"""

from __future__ import annotations

import sys

import polars as pl


def cost_by_age(requests: str, plans: str) -> pl.DataFrame:
    """Members, and what they pay on average in dollars, by payer plan and decade of age."""
    book = pl.scan_parquet(requests).with_row_index("row").select(pl.col("row").cast(pl.Int64), "age")
    priced = pl.scan_parquet(plans).select("row", "plan_id", "patient_cents")
    decade = (pl.col("age") // 10 * 10).alias("decade")
    return (
        priced.join(book, on="row")
        .group_by("plan_id", decade)
        .agg(pl.len().alias("members"), (pl.col("patient_cents").mean() / 100).alias("patient_dollars"))
        .sort("plan_id", "decade")
        .collect()
    )


if __name__ == "__main__":
    print(cost_by_age(sys.argv[1], sys.argv[2]))
