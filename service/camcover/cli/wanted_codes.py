"""Which codes are wanted of files of prices: those of a catalog; and in which tier their amounts are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from camcover.cli.imported import end
from camcover.cli.rules import checked_rules
from camcover.rulebook.records import Catalog, Setting
from camcover.shipped import Shipped, shipped

__all__ = ["catalogs_of", "check_published", "check_tier", "codes_of", "places_of"]

_TIER = re.compile(r"[a-z][a-z0-9_-]{0,59}")
_CATALOG = Path("rules", "catalog")


def check_tier(option: str, tier: str) -> None:
    """End the command where a tier has another form."""
    if not _TIER.fullmatch(tier):
        end(f"{option} {tier!r}: expected a tier such as in_network")


def check_published(tier: str, outside_tier: str, *, is_given: bool) -> None:
    """End the command where no file of published rates is given, or their tiers are not two; `is_given`: one is."""
    check_tier("--tier", tier)
    check_tier("--outside-tier", outside_tier)
    if not is_given:
        end("expected --in-network, --allowed-amounts or both")
    if tier == outside_tier:
        end(f"--outside-tier {outside_tier!r}: expected another tier than --tier")


def catalogs_of(paths: list[Path] | None) -> list[Catalog]:
    """The editions of the catalog; ends the command where it has an error."""
    folder = _CATALOG if _CATALOG.is_dir() else shipped(Shipped.RULES) / "catalog"
    return [edition for editions in checked_rules(paths or [folder]).catalogs.values() for edition in editions]


def codes_of(catalogs: Iterable[Catalog]) -> frozenset[str]:
    """Every code that may be billed for a therapy."""
    return frozenset(code for each in catalogs for therapy in each.therapies.values() for code in therapy.billed)


def places_of(catalogs: Iterable[Catalog]) -> dict[str, Setting]:
    """The settings that place-of-service codes stand for."""
    return {code: setting for each in catalogs for code, setting in each.places_of_service.items()}
