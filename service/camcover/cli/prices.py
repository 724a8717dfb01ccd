"""The work of `camcover prices`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

import typer

from camcover.cli.imported import check_fees_id, end
from camcover.cli.price_files import opened_prices
from camcover.cli.provider_options import checked_npi, checked_tin
from camcover.cli.wanted_codes import catalogs_of, check_published, codes_of, places_of
from camcover.exchange.notes import UnreadableFile
from camcover.exchange.transparency.by_provider import PriceSink, TeamKey, amounts_of_providers, rates_of_providers
from camcover.exchange.transparency.headings import told_of
from camcover.exchange.transparency.providers import network_key
from camcover.exchange.transparency.records import EVERY_SETTING, Price, ReadPrices, WantedPrices
from camcover.money import dollars
from camcover.rulebook.printable import on_one_line, printable, shortened
from camcover.rulebook.words import count
from camcover.several import OfSeveral
from camcover.store.errors import DatabaseError
from camcover.store.prices import FileHeading, PricedFile, PriceWriter, written_prices

__all__ = ["import_prices", "show_prices"]

Reader = Callable[[Path, WantedPrices, PriceSink], ReadPrices]


def import_prices(
    output: Path,
    fees_id: str,
    in_network: list[Path] | None,
    allowed_amounts: list[Path] | None,
    network: list[str] | None,
    plan_id: str,
    of_several: OfSeveral | None,
    tier: str,
    outside_tier: str,
    catalog: list[Path] | None,
    replace: bool,
) -> None:
    """Make a file of prices by provider of Transparency in Coverage files."""
    check_fees_id("--id", fees_id, may_be_empty=False)
    check_published(tier, outside_tier, is_given=bool(in_network or allowed_amounts))
    _check_output(output, may_replace=replace)
    catalogs = catalogs_of(catalog)
    wanted = WantedPrices(
        codes=codes_of(catalogs),
        places=places_of(catalogs),
        first=date.min,
        networks=frozenset(map(network_key, network or ())),
        plan_id=plan_id,
        with_modifiers=True,
    )
    files: list[tuple[Path, Reader, str]] = [(each, rates_of_providers, tier) for each in in_network or ()]
    files += [(each, amounts_of_providers, outside_tier) for each in allowed_amounts or ()]
    done: list[tuple[ReadPrices, PricedFile]] = []
    try:
        with written_prices(output) as writer:
            for path, read, of_tier in files:
                found = read(path, wanted, _Written(writer))
                heading = FileHeading(fees_id, of_tier, path.name, _source(found), of_several)
                done.append((found, writer.end_file(heading)))
            if not any(made.prices for _, made in done):
                _tell(done)
                end("no price could be read; nothing is written")
    except UnreadableFile as error:
        for each in error.unread:
            typer.echo(str(each), err=True)
        end("nothing is written")
    except OSError as error:
        end(f"{error.filename}: {error.strerror or error}")
    _tell(done)
    if unread := sum(len(found.unread) for found, _ in done):
        typer.echo(f"{output}: {count(unread, 'part')} of the files could not be read")
        raise typer.Exit(1)


def show_prices(prices: Path, npi: str, tin: str) -> None:
    """Show the files of a file of prices, or the prices of a provider."""
    number, digits = int(checked_npi(npi) if npi else 0), int(checked_tin(tin) if tin else 0)
    file = opened_prices(prices)
    if not npi and not tin:
        for each in file.files:
            typer.echo(printable(f"{_size(each)}, before the fee file {each.heading.fees}\n  {each.heading.source}"))
        return
    try:
        found = file.listed(number, digits)
    except DatabaseError as error:
        end(f"{prices}: {error}")
    for price in found:
        billed = price.code + "".join(f"-{each}" for each in price.modifiers.split(",") if each)
        where = price.settings.replace(",", ", ") or "every setting"
        typer.echo(
            printable(f"{billed}  {dollars(price.cents)}  {price.tier}, {where}, up to {price.last}, {price.name}")
        )
    if not found:
        typer.echo("no prices of this provider", err=True)
        raise typer.Exit(1)


class _Written:
    """Writes prices as they are read."""

    def __init__(self, writer: PriceWriter) -> None:
        self._writer = writer
        self.add_team = writer.add_team
        self.end_entry = writer.end_entry

    def add_prices(self, teams: Sequence[TeamKey], prices: Sequence[Price]) -> None:
        """Write the prices of a rate."""
        self._writer.add_prices(teams, map(_columns, prices))


def _columns(price: Price) -> tuple[int, str, str, str]:
    """The columns of a price; one without a last day is in force for good."""
    settings = "" if price.settings == EVERY_SETTING else ",".join(sorted(map(str, price.settings)))
    return price.cents, settings, ",".join(price.modifiers), (price.last or date.max).isoformat()


def _source(found: ReadPrices) -> str:
    """What estimates cite: who published the file, as of which day, and which bytes it has."""
    name, digest = found.file
    return shortened(on_one_line(f"{told_of(found.heading)}: {name} (SHA-256 {digest[:16]})"))


def _tell(done: Iterable[tuple[ReadPrices, PricedFile]]) -> None:
    """Say what was read of each file, what was left out, and what could not be read."""
    for found, made in done:
        typer.echo(printable(_size(made)))
        for sentence in found.left.passed_over() if made.prices else found.why_nothing:
            typer.echo(printable(f"  {sentence}"), err=not made.prices)
        for each in found.unread:
            typer.echo(str(each), err=True)


def _size(file: PricedFile) -> str:
    has = f"{count(file.prices, 'price')} of {count(file.providers, 'provider')}"
    return f"{file.heading.name}: {has} for {file.heading.tier}"


def _check_output(output: Path, *, may_replace: bool) -> None:
    """End the command where the output may not be written."""
    if not output.exists():
        return
    if not may_replace:
        end(f"{output} is there already; give --replace to replace it")
    opened_prices(output).close()
