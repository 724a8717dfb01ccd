"""`camcover optimize`: a request from a JSON file, its cheaper ways as sentences or as JSON."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import typer

from camcover.api.requests import estimate_request
from camcover.cli.answers import refusals_told
from camcover.cli.compiling import compiled_rules
from camcover.cli.estimating import asked_under, read_request
from camcover.cli.options import TableFormat, listed_in
from camcover.engine import EstimateRequest
from camcover.engine.asking.words import shown
from camcover.languages import Language, language
from camcover.money import Cents
from camcover.workflow.care_choices import MayChange, SelfPayPrice
from camcover.workflow.cheaper_ways import CheaperWay, CheaperWays, cheaper_ways
from camcover.workflow.published_prices import price_citations
from camcover.workflow.trades import cited, cost_as_planned, cost_of, remarks_on, sources_of, trades_of

_PRICE = re.compile(r"([0-9]{1,4})=([0-9]{1,10})")


def optimize(
    request: Path,
    rules: list[Path],
    tiers: str,
    practitioners: str,
    settings: str,
    earliest: datetime | None,
    latest: datetime | None,
    order: bool,
    self_pay: list[str] | None,
    most: int,
    output: TableFormat,
    prices: Path | None,
) -> None:
    """Search, and print what was found."""
    message = read_request(request)
    may = MayChange(
        listed_in(tiers),
        listed_in(practitioners),
        listed_in(settings),
        _day(earliest),
        _day(latest),
        order,
        tuple(map(_price, self_pay or ())),
    )
    tables = compiled_rules(rules)
    with refusals_told():
        release, message = asked_under(tables, message, prices)
        asked = estimate_request(message)
        found = cheaper_ways(release, asked, may, most_priced=most)
    spoken = language(message.language)
    if output is TableFormat.JSON:
        typer.echo(json.dumps(_data(found, asked, spoken), indent=2, ensure_ascii=False))
    else:
        _tell(found, asked, spoken)


def _price(text: str) -> SelfPayPrice:
    """`0=9000` as a self-pay price."""
    found = _PRICE.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"found {shown(text)}; expected ITEM=CENTS such as 0=9000", param_hint="--self-pay")
    return SelfPayPrice(int(found[1]), Cents(int(found[2])))


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _tell(found: CheaperWays, asked: EstimateRequest, spoken: Language) -> None:
    """Each way on a line, then what it changes; last what was not looked at, and where prices come from."""
    typer.echo(spoken.text(cost_as_planned(found)))
    for way in found.ways:
        typer.echo(f"\n{spoken.text(cost_of(found, way))}")
        for trade in trades_of(way):
            typer.echo(f"  {spoken.text(trade.message)}")
    for remark in remarks_on(found, asked):
        typer.echo(f"\n{spoken.text(remark)}")
    for citation in price_citations(asked):
        typer.echo(f"\n{spoken.text(cited(citation))}")


def _data(found: CheaperWays, asked: EstimateRequest, spoken: Language) -> dict[str, Any]:
    """What was found as JSON has it: amounts in cents, sentences with the ids of their messages."""
    return {
        "patient_cents": found.patient_cents,
        "ways": [_way(found, each, spoken) for each in found.ways],
        "priced": found.priced,
        "is_proven": found.is_proven,
        "remarks": [{"id": each.id, "text": spoken.text(each)} for each in remarks_on(found, asked)],
        "citations": [each._asdict() for each in price_citations(asked)],
    }


def _way(found: CheaperWays, way: CheaperWay, spoken: Language) -> dict[str, Any]:
    """A way with its changes, and each item's first day, tier, practitioner and setting as it would be asked."""
    return {
        "patient_cents": way.patient_cents,
        "saved_cents": found.patient_cents - way.patient_cents,
        "changes": [
            {"item_index": each.item_index, "id": each.message.id, "text": spoken.text(each.message)}
            for each in trades_of(way)
        ],
        "items": [
            {
                "tier": each.item.tier,
                "practitioner": each.item.practitioner,
                "setting": str(each.item.setting or ""),
                "dates": [str(day) for day in each.item.dates],
                "paid_oneself": [str(day) for item, day in way.paid_oneself if item == place],
            }
            for place, each in enumerate(way.choices)
        ],
        "citations": [each._asdict() for each in sources_of(way)],
    }
