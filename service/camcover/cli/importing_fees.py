"""The work of `camcover import fees`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from camcover.cli.imported import check_fees_id, end, read_whole, show, source_text, write_files
from camcover.cli.rules import checked_rules
from camcover.exchange.fees_text import fees_text
from camcover.exchange.notes import Unread, UnreadableFile
from camcover.exchange.physician_fees.localities import locality_of_zip, read_localities
from camcover.exchange.physician_fees.records import Locality, ReadValues
from camcover.exchange.physician_fees.relative_values import read_values
from camcover.exchange.physician_fees.terms import WantedFees, draft_of, is_priced
from camcover.rulebook.records import Catalog
from camcover.rulebook.words import count
from camcover.shipped import Shipped, shipped

_TIER = re.compile(r"[a-z][a-z0-9_-]{0,59}")
_CATALOG = Path("rules", "catalog")


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
    _check_tier("--tier", tier)
    if bool(zip_code) != (zips is not None) or (zip_code and locality):
        end("expected --locality, or --zip with --zips, or none of them")
    codes = _codes(_catalogs(catalog))

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


def _check_tier(option: str, tier: str) -> None:
    """End the command where a tier has another form; an empty one is none."""
    if tier and not _TIER.fullmatch(tier):
        end(f"{option} {tier!r}: expected a tier such as in_network")


def _chosen(places: Sequence[Locality], keys: list[str]) -> Sequence[Locality]:
    """The localities of these keys, or all."""
    known = {each.key: each for each in places}
    for key in keys:
        if key not in known:
            end(f"--locality {key!r}: expected one of the table, such as {', '.join(list(known)[:3])}")
    return [known[key] for key in dict.fromkeys(keys)] if keys else places


def _catalogs(paths: list[Path] | None) -> list[Catalog]:
    """The editions of the catalog; ends the command where it has an error."""
    folder = _CATALOG if _CATALOG.is_dir() else shipped(Shipped.RULES) / "catalog"
    return [edition for editions in checked_rules(paths or [folder]).catalogs.values() for edition in editions]


def _codes(catalogs: list[Catalog]) -> frozenset[str]:
    """Every code that may be billed for a therapy."""
    return frozenset(code for each in catalogs for therapy in each.therapies.values() for code in therapy.billed)
