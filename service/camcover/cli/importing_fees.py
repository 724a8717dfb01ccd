"""The work of `camcover import fees`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import typer

from camcover.cli.imported import check_fees_id, end, read_whole, show, source_text, write_files
from camcover.cli.provider_options import checked_npi, checked_tin
from camcover.cli.wanted_codes import catalogs_of, check_published, check_tier, codes_of, places_of
from camcover.exchange.fees_text import fees_text
from camcover.exchange.notes import Unread, UnreadableFile
from camcover.exchange.physician_fees.localities import locality_of_zip, read_localities
from camcover.exchange.physician_fees.records import Locality, ReadValues
from camcover.exchange.physician_fees.relative_values import read_values
from camcover.exchange.physician_fees.terms import WantedFees, draft_of, is_priced
from camcover.exchange.transparency.allowed_amounts import read_allowed_amounts
from camcover.exchange.transparency.fee_file import FeesAsked, TierFile, fees_of, providers_told
from camcover.exchange.transparency.headings import told_of
from camcover.exchange.transparency.in_network import read_in_network
from camcover.exchange.transparency.providers import network_key
from camcover.exchange.transparency.records import ReadPrices, WantedPrices
from camcover.rulebook import printable
from camcover.rulebook.words import count
from camcover.several import OfSeveral


def medicare(
    output: Path,
    rvu: Path,
    gpci: Path,
    locality: list[str] | None,
    zip_code: str,
    zips: Path | None,
    localities: int,
    tier: str,
    fees_id: str,
    catalog: list[Path] | None,
    retrieved: datetime | None,
    replace: bool,
) -> None:
    """Make fee files of the Medicare physician fee schedule."""
    check_fees_id("--id", fees_id)
    if tier:
        check_tier("--tier", tier)
    if bool(zip_code) != (zips is not None) or (zip_code and locality):
        end("expected --locality, or --zip with --zips, or none of them")
    codes = codes_of(catalogs_of(catalog))

    def read() -> tuple[ReadValues, Sequence[Locality], list[tuple[str, str]]]:
        values, places = read_values(rvu, codes), read_localities(gpci, localities)
        if values.year != places.year:
            wrong = Unread(gpci.name, 1, "", f"indices of {places.year}", f"those of {values.year}, as the values")
            raise UnreadableFile([wrong])
        files = [values.file, places.file]
        if zips is None:
            return values, places.places, files
        place, file = locality_of_zip(zips, zip_code, places.places)
        return values, [place], [*files, file]

    values, places, files = read_whole(read, output, may_replace=replace)
    places = _chosen(places, locality or [])
    if not any(map(is_priced, values.values.values())):
        show(values.unread)
        end("no amount could be read; nothing is written")
    if fees_id and len(places) > 1:
        end(f"--id {fees_id}: {len(places)} localities; expected one")
    source = source_text(f"CMS, {values.title}, with geographic indices", files, retrieved)
    wanted = WantedFees(codes, source, fees_id, tier)
    drafts = [draft_of(values, place, wanted) for place in places]
    texts = ((draft.file_name, fees_text(draft)) for draft in drafts)
    write_files(output, texts, values.unread, count(len(drafts), "fee file"), may_replace=replace)


def transparency(
    output: Path,
    year: int,
    fees_id: str,
    in_network: Path | None,
    allowed_amounts: Path | None,
    npi: list[str] | None,
    tin: list[str] | None,
    network: list[str] | None,
    plan_id: str,
    of_several: OfSeveral | None,
    tier: str,
    outside_tier: str,
    catalog: list[Path] | None,
    retrieved: datetime | None,
    replace: bool,
) -> None:
    """Make a fee file of Transparency in Coverage files."""
    check_fees_id("--id", fees_id, may_be_empty=False)
    check_published(tier, outside_tier, is_given=in_network is not None or allowed_amounts is not None)
    catalogs = catalogs_of(catalog)
    wanted = WantedPrices(
        codes=codes_of(catalogs),
        places=places_of(catalogs),
        first=date(year, 1, 1),
        npis=frozenset(map(checked_npi, npi or ())),
        tins=frozenset(map(checked_tin, tin or ())),
        networks=frozenset(map(network_key, network or ())),
        plan_id=plan_id,
    )

    def read() -> dict[str, TierFile]:
        found = {}
        if in_network is not None:
            rates = read_in_network(in_network, wanted)
            found[tier] = TierFile(rates, "in_network", _source(rates, "negotiated rates", retrieved))
        if allowed_amounts is not None:
            amounts = read_allowed_amounts(allowed_amounts, wanted)
            found[outside_tier] = TierFile(amounts, "out_of_network", _source(amounts, "allowed amounts", retrieved))
        return found

    found = read_whole(read, output, may_replace=replace)
    providers = providers_told(npi or (), tin or (), network or ())
    made = fees_of(found, FeesAsked(fees_id, year, providers, of_several))
    if not made.has_amounts:
        show(made.unread)
        for each in found.values():
            for sentence in each.read.why_nothing:
                typer.echo(printable(f"{each.read.file[0]}: {sentence}"), err=True)
        end("no amount could be read; nothing is written")
    texts = [(made.fees.file_name, fees_text(made.fees))]
    write_files(output, texts, made.unread, count(len(texts), "fee file"), may_replace=replace)


def _source(read: ReadPrices, what: str, retrieved: datetime | None) -> str:
    """The source of a file's amounts."""
    return source_text(f"{told_of(read.heading)}, {what} (Transparency in Coverage)", [read.file], retrieved)


def _chosen(places: Sequence[Locality], keys: list[str]) -> Sequence[Locality]:
    """The localities of these keys, or all."""
    known = {each.key: each for each in places}
    for key in keys:
        if key not in known:
            end(f"--locality {key!r}: expected one of the table, such as {', '.join(list(known)[:3])}")
    return [known[key] for key in dict.fromkeys(keys)] if keys else places
