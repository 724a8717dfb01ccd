"""`camcover eligibility` and `camcover inquiry`: a payer's answer in, the question to a payer out."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import RuleFiles

__all__ = ["AnswerPart", "eligibility", "inquiry"]

_DAY = ["%Y-%m-%d"]


class AnswerPart(StrEnum):
    """What is printed of a payer's answer."""

    REQUEST = "request"
    FACTS = "facts"


@done_by("eligibility:eligibility")
def eligibility(
    file: Annotated[
        Path, typer.Argument(help="An X12 271 file, or a clearinghouse's JSON of one; - for standard input.")
    ],
    plan: Annotated[str, typer.Option(help="The payer plan's id.")],
    rules: RuleFiles,
    request: Annotated[
        Path | None,
        typer.Option(
            help="A JSON file with an EstimatePlanRequest of one member. What the answer says is put into it.",
            show_default=False,
        ),
    ] = None,
    number: Annotated[int, typer.Option(min=0, help="Which member of the file, from 1. 0: the only one.")] = 0,
    member_id: Annotated[str, typer.Option(help="What the request shall call the member.", show_default=False)] = "",
    output: Annotated[
        AnswerPart,
        typer.Option(
            "--format", help="request for `camcover estimate`; facts for all that was read, with its segments."
        ),
    ] = AnswerPart.REQUEST,
) -> None:
    """Read a payer's answer to an eligibility inquiry, and print the request that it states.

    Sums, limits and coverage get the ids of the plan. What was not read, not used or not kept goes to standard error,
    with its segments. Ends with status 1 if the file cannot be read, or if the payer refused to answer.
    """


@done_by("eligibility:inquiry")
def inquiry(
    request: Annotated[Path, typer.Argument(help="A JSON file with an EstimatePlanRequest, or - for standard input.")],
    payer_name: Annotated[str, typer.Option(help="The payer's name.")],
    payer_id: Annotated[str, typer.Option(help="The payer's identifier with the clearinghouse.")],
    provider_name: Annotated[str, typer.Option(help="The provider's name.")],
    npi: Annotated[str, typer.Option(help="The provider's NPI.")],
    last_name: Annotated[str, typer.Option(help="The member's last name.")],
    first_name: Annotated[str, typer.Option(help="The member's first name.")],
    member_identifier: Annotated[str, typer.Option(help="The member's identifier with the payer.")],
    sender: Annotated[str, typer.Option(help="The identifier of who sends the interchange.")],
    receiver: Annotated[str, typer.Option(help="The identifier of who receives it.")],
    service_types: Annotated[
        str,
        typer.Option(
            help="X12 service type codes: 30,64. Without it, those of the request's therapies.", show_default=False
        ),
    ] = "",
    rules: Annotated[
        list[Path] | None,
        typer.Option(
            "--rules",
            exists=True,
            help="Rule files with the catalog that knows the therapies, if no service types are given.",
        ),
    ] = None,
    birth_date: Annotated[
        datetime | None,
        typer.Option(formats=_DAY, help="The member's date of birth, if the request has none.", show_default=False),
    ] = None,
    member: Annotated[str, typer.Option(help="The member of the request who is asked about; else the first.")] = "",
    control: Annotated[int, typer.Option(help="The control number of the interchange.")] = 1,
) -> None:
    """Print the X12 270 that asks a payer about a member of a request.

    It asks about the days of the request's visits, in one transaction for each service type. Nothing is kept.
    """
