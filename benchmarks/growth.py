"""How time grows with the number of lines, of plans and of rules: measured, then drawn (docs/benchmarks.svg).

`python growth.py DATA OUTPUT.svg`; DATA is the folder with the Medicare Advantage tables.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from math import ceil, floor, log10
from pathlib import Path

import pyarrow as pa

from bulk import book_rows
from camcover.api.requests import estimate_request
from camcover.bulk import REQUEST_SCHEMA, BulkEstimator
from camcover.engine import Tables, compile_rules
from camcover.engine.evaluate import adjudicate_many
from camcover.engine.request import EstimateRequest
from camcover.rulebook import load_texts
from medicare_advantage import catalog_text, plan_texts
from questions import shipped_tables, twelve_sessions

Points = list[tuple[int, float]]

LINES = (1, 3, 12, 48, 120, 480)
PLANS = (10, 100, 1_000, 10_000, 100_000)
RULES = (1, 10, 100, 1_000, 4_000)


def microseconds(step: Callable[[], object], rounds: int) -> float:
    """The median time of a step."""
    step()
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        step()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1e6


def of_lines(tables: Tables) -> Points:
    """Typed request to finished ledger, by its lines."""
    message = twelve_sessions()
    points: Points = []
    for count in LINES:
        message.items[0].sessions, message.items[0].every_days = count, 1
        request = estimate_request(message)
        points.append((count, microseconds(lambda request=request: adjudicate_many(tables, [request]), 400)))
    return points


def of_plans(tables: Tables) -> Points:
    """An Arrow batch of plans of twelve lines, by its plans."""
    estimator = BulkEstimator(tables, "growth")
    points: Points = []
    for count in PLANS:
        batch = pa.RecordBatch.from_pylist(book_rows(count), schema=REQUEST_SCHEMA)
        points.append((count, microseconds(lambda batch=batch: estimator.estimate(batch), 9)))
    return points


def of_rules(data: Path) -> Points:
    """Typed request to finished ledger, by the plans that are loaded."""
    texts = plan_texts(RULES[-1], data)
    points: Points = []
    for count in RULES:
        loaded = load_texts({"cam-core.yaml": catalog_text()} | dict(list(texts.items())[:count]))
        assert loaded.rules is not None
        tables = compile_rules(loaded.rules)
        request = _under(next(iter(tables.plans)))
        points.append((count, microseconds(lambda t=tables, r=request: adjudicate_many(t, [r]), 2_000)))
    return points


def _under(plan_id: str) -> EstimateRequest:
    """The twelve sessions under another plan, no sum of which is known."""
    request = estimate_request(twelve_sessions())
    member = request.members[0]._replace(use=request.members[0].use._replace(accumulators=()))
    items = (request.items[0]._replace(tier="in_network"),)
    return request._replace(plan_id=plan_id, members=(member,), items=items)


WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 300, 240, 62, 44, 40


def drawn(panels: Sequence[tuple[str, str, Points]]) -> str:
    """Three panels of points on logarithmic axes, as SVG."""
    body = "".join(_panel(number * WIDTH, *panel) for number, panel in enumerate(panels))
    size = f'width="{WIDTH * len(panels)}" height="{HEIGHT}"'
    style = 'font-family="sans-serif" font-size="11" fill="#333"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n{body}</svg>\n'


def _panel(left: int, title: str, unit: str, points: Points) -> str:
    """One panel: axes at powers of ten, a line through the points, each with its time."""
    low, high = _decades([count for count, _ in points])
    least, most = _decades([time_us for _, time_us in points])

    def x(count: float) -> float:
        return left + LEFT + (WIDTH - LEFT - 24) * (log10(count) - low) / max(high - low, 1)

    def y(time_us: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (log10(time_us) - least) / max(most - least, 1)

    parts = [f'<text x="{left + LEFT}" y="20" font-weight="bold">{title}</text>']
    parts += [
        f'<text x="{x(10**power):.0f}" y="{HEIGHT - 26}" text-anchor="middle">{10**power:,}</text>'
        for power in range(low, high + 1)
    ]
    for power in range(least, most + 1):
        line = f'x1="{left + LEFT}" x2="{left + WIDTH - 20}" y1="{y(10**power):.0f}" y2="{y(10**power):.0f}"'
        parts.append(f'<line {line} stroke="#ddd"/>')
        label = f'x="{left + LEFT - 6}" y="{y(10**power) + 4:.0f}" text-anchor="end"'
        parts.append(f"<text {label}>{10**power:,} µs</text>")  # noqa: RUF001 - the sign of micro
    path = " ".join(f"{x(count):.1f},{y(time_us):.1f}" for count, time_us in points)
    parts.append(f'<polyline points="{path}" fill="none" stroke="#1668a8" stroke-width="2"/>')
    parts += [f'<circle cx="{x(count):.1f}" cy="{y(us):.1f}" r="3" fill="#1668a8"/>' for count, us in points]
    middle = left + LEFT + (WIDTH - LEFT) // 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{unit}</text>')
    return "\n".join(parts) + "\n"


def _decades(numbers: Sequence[float]) -> tuple[int, int]:
    """The powers of ten around some numbers."""
    return floor(log10(min(numbers))), ceil(log10(max(numbers)))


def main(data: Path, output: Path) -> None:
    """Measure, print and draw."""
    tables = shipped_tables()
    panels = [
        ("One request, by its lines", "lines", of_lines(tables)),
        ("One Arrow batch, by its plans", "plans of 12 lines", of_plans(tables)),
        ("One request, by rules loaded", "plans loaded", of_rules(data)),
    ]
    for title, unit, points in panels:
        sys.stdout.write(f"{title} ({unit}): {', '.join(f'{count:,} {us:,.1f} us' for count, us in points)}\n")
    output.write_text(drawn(panels), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
