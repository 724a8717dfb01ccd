"""deploy/observability: the dashboard and the alerts load, and ask for nothing that does not exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from camcover.api.figures import FIGURES
from camcover.api.server import RULE_SERVICE, SERVICES
from camcover.gen.camcover.v1 import estimate_service_pb2
from camcover.refusals import Refusal

FOLDER = Path(__file__).resolve().parents[1] / "deploy" / "observability"
SAMPLES = {name: each for each in FIGURES for name in each.samples}
LABELS_OF_PROMETHEUS = {"job", "instance", "le"}


@pytest.fixture(scope="module")
def dashboard() -> dict[str, Any]:
    """The dashboard."""
    found: dict[str, Any] = json.loads((FOLDER / "grafana-dashboard.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def alerts() -> list[dict[str, Any]]:
    """The rules of all groups."""
    found = yaml.safe_load((FOLDER / "prometheus-alerts.yaml").read_text(encoding="utf-8"))
    assert set(found) == {"groups"}
    return [rule for group in found["groups"] for rule in group["rules"]]


def expressions_in(dashboard: dict[str, Any]) -> list[str]:
    """What the dashboard asks Prometheus."""
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return asked + [each["definition"] for each in dashboard["templating"]["list"] if each["type"] == "query"]


def names_in(expression: str) -> set[str]:
    """The names of samples in an expression."""
    return set(re.findall(r"\bcamcover_\w+", re.sub(r'"[^"]*"', "", expression)))


def labels_in(expression: str) -> set[str]:
    """The labels by which an expression chooses and groups."""
    grouped = re.findall(r"\bby \(([^)]*)\)", expression)
    return {each.strip() for part in grouped for each in part.split(",")} | set(
        re.findall(r"(\w+) *(?:=~|!=|=)\"", expression)
    )


def check(expression: str) -> None:
    """Names exist, the labels are theirs, and brackets close."""
    names = names_in(expression)
    assert names
    assert names <= SAMPLES.keys()
    known = {label for name in names for label in SAMPLES[name].labels}
    assert labels_in(expression) <= known | LABELS_OF_PROMETHEUS
    bare = re.sub(r'"[^"]*"', "", expression)
    assert all(bare.count(left) == bare.count(right) for left, right in ("()", "{}", "[]"))


def test_the_dashboard_asks_for_figures_that_exist(dashboard: dict[str, Any]) -> None:
    for expression in expressions_in(dashboard):
        if not expression.startswith("label_values("):
            check(expression)
        assert names_in(expression) <= SAMPLES.keys()


def test_the_dashboard_shows_every_figure(dashboard: dict[str, Any]) -> None:
    shown = set().union(*map(names_in, expressions_in(dashboard)))
    assert [each.name for each in FIGURES if not shown & set(each.samples)] == []


def test_the_dashboard_is_one_that_grafana_loads(dashboard: dict[str, Any]) -> None:
    """Panels with ids of their own, on a grid of 24 columns without overlap, by one data source that is chosen."""
    panels = dashboard["panels"]
    assert (dashboard["title"], dashboard["uid"]) == ("Camcover", "camcover")
    assert len({each["id"] for each in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for each in panels:
        assert each["title"]
        assert each["description"]
        assert {target["refId"] for target in each["targets"]} == set("ABC"[: len(each["targets"])])
        place = each["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells
    assert {each["name"] for each in dashboard["templating"]["list"]} == {"datasource", "job", "method"}


def test_the_page_for_operators_names_every_figure() -> None:
    page = (FOLDER.parents[1] / "docs" / "operations.md").read_text(encoding="utf-8")
    for each in FIGURES:
        name = each.samples[0].removesuffix("_bucket")
        labels = ", ".join(f"`{label}`" for label in each.labels)
        assert re.search(
            rf"^\| `{name}` \| `{each.otel_name}` \| {each.kind.value}.* \| {labels} \| ", page, re.MULTILINE
        )


def test_alerts_ask_for_figures_that_exist(alerts: list[dict[str, Any]]) -> None:
    for rule in alerts:
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert set(rule["annotations"]) == {"summary", "description"}
        check(rule["expr"])
    assert len({rule["alert"] for rule in alerts}) == len(alerts)


def test_alerts_name_values_that_exist(alerts: list[dict[str, Any]]) -> None:
    """Reasons, statuses, methods, services and operations."""
    service = estimate_service_pb2.DESCRIPTOR.services_by_name["EstimateService"]
    codes = ["INTERNAL", "UNKNOWN", "DATA_LOSS", "UNAVAILABLE", "DEADLINE_EXCEEDED"]
    known = {
        "reason": {each.name for each in Refusal},
        "code": set(codes),
        "method": {f"/{service.full_name}/{each.name}" for each in service.methods},
        "service": {*SERVICES, RULE_SERVICE, "camcover.following"},
    }
    for rule in alerts:
        for label, text in re.findall(r"(\w+)(?:=~|!=|=)\"([^\"]*)\"", rule["expr"]):
            assert set(text.split("|")) <= known[label]
