"""`camcover fhir`: an estimate as an advance explanation of benefits in FHIR R4."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import ProviderPrices, RuleFiles, SpokenLanguage

__all__ = ["FhirSummary", "fhir"]


class FhirSummary(StrEnum):
    """In which form the summary is printed, if it is."""

    NONE = "none"
    DOCUMENT = "document"
    REFERENCE = "reference"


@done_by("fhir:fhir")
def fhir(
    request: Annotated[
        Path,
        typer.Argument(
            help="A JSON file with an EstimatePlanRequest for one person (docs/api.md names its fields), or with "
            "--plan a provider's good-faith estimate in FHIR; - for standard input.",
        ),
    ],
    rules: RuleFiles,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.json", help="Where to write, in place of standard output."),
    ] = None,
    parties: Annotated[
        Path | None,
        typer.Option(help="A JSON file that names patient, provider and payer (docs/fhir.md). Else they are unknown."),
    ] = None,
    plan: Annotated[
        str, typer.Option(metavar="PLAN", help="The file is a good-faith estimate: price it under the plan of this id.")
    ] = "",
    tier: Annotated[
        str, typer.Option(metavar="TIER", help="With --plan: the provider's network. By default unknown.")
    ] = "",
    only_request: Annotated[
        bool, typer.Option("--request", help="With --plan: print the request that was read, and nothing else.")
    ] = False,
    packet_id: Annotated[
        str,
        typer.Option(
            "--id",
            metavar="ID",
            help="The id that all ids of the packet begin with: 1 to 40 letters, digits, - and . By default the "
            "request and the rules give it.",
        ),
    ] = "",
    made_at: Annotated[
        str,
        typer.Option(
            "--time", metavar="TIME", help="When the packet is made, such as 2026-03-01T12:00:00Z. By default now."
        ),
    ] = "",
    language: SpokenLanguage = "",
    summary: Annotated[
        FhirSummary,
        typer.Option(
            help="Print the summary for the primary-care provider in place of the packet: as a document with a "
            "Composition and a CarePlan, or as a DocumentReference that holds it as PDF and as that document."
        ),
    ] = FhirSummary.NONE,
    prices: ProviderPrices = None,
) -> None:
    """Print an estimate as an AEOB packet of the Da Vinci PCT guide, a document in FHIR R4.

    docs/fhir.md says what it holds. The same request, rules, id and time give the same bytes. What of a good-faith
    estimate is not read is listed on standard error. Ends with status 1 if a
    rule file has an error or the file cannot be written, and with status 2 if the request or an option has an error.
    """
