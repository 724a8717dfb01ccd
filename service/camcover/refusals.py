"""Every kind of refusal: its stable reason, the gRPC status that it is answered with, and what it means.

A kind's name is what `google.rpc.ErrorInfo`, `BadRequest.FieldViolation.reason` and the rejects of bulk carry: it is
never renamed. docs/api.md lists the table. A new refusal is one entry here.
"""

from __future__ import annotations

from enum import Enum, unique

__all__ = ["DOMAIN", "Refusal"]

DOMAIN = "camcover"
"""The domain of our reasons in `google.rpc.ErrorInfo`."""

_NOT_FOUND, _FAILED_PRECONDITION = "NOT_FOUND", "FAILED_PRECONDITION"


@unique
class Refusal(Enum):
    """A kind of refusal; `thing` is what an unknown word would have named."""

    INVALID_REQUEST = "Several fields are wrong in different ways; each field violation has a reason of its own."

    MORE_VIOLATIONS = "A last field violation, without a field: there are more than are listed."

    MISSING_VALUE = "Nothing was given where something is needed."
    INVALID_DATE = "A text is no day of the calendar in the form 2026-01-31."
    INVALID_TEXT = "A text is not of the form that the field has."
    INVALID_DIAGNOSIS = "A text does not look like an ICD-10-CM code."
    CONTROL_CHARACTER = "A text holds a control character."
    TEXT_LENGTH_OUT_OF_RANGE = "A text is too short or too long."
    COUNT_OUT_OF_RANGE = "A list has too few or too many entries, or the request too many lines."
    NUMBER_OUT_OF_RANGE = "A number is too small or too large."
    AMOUNT_OUT_OF_RANGE = "An amount of money is too small or too large."
    DATE_OUT_OF_RANGE = "A date is too early or too late."
    REPEATED = "The same thing is stated twice."
    UNUSED_STATEMENT = "Something is stated that nothing uses."
    CONTRADICTORY_STATEMENTS = "Two statements of the request exclude each other."
    CONTRADICTORY_USE = "The use so far that is stated cannot be: the plan allows less, or another sum excludes it."
    PLAN_NOT_IN_FORCE = "A date lies before the first edition of the plan, or it has terms for none of the dates."

    UNKNOWN_PLAN = "There is no payer plan of this id.", _NOT_FOUND, "plan"
    UNKNOWN_THERAPY = "The catalog has no therapy of this id.", _NOT_FOUND, "therapy"
    UNKNOWN_RULE_RELEASE = "There is no release of this id.", _NOT_FOUND, "release"
    UNKNOWN_ESTIMATE = "There is no stored estimate of this name.", _NOT_FOUND, "estimate"
    UNKNOWN_ACTIVATION = "There is no activation of this number.", _NOT_FOUND, "activation"
    UNKNOWN_TIER = "The plan has no tier of this id.", "", "tier"
    UNKNOWN_ACCUMULATOR = "The plan has no accumulator of this id.", "", "accumulator"
    UNKNOWN_ACCOUNT = "The plan has no account of this id.", "", "account"
    UNKNOWN_LIMIT = "The plan has no limit of this id.", "", "limit"
    UNKNOWN_BENEFIT = "The plan has no benefit of this id.", "", "benefit"
    UNKNOWN_MEMBER = "The request has no member of this id.", "", "member"
    UNKNOWN_PRACTITIONER = "The catalog has no practitioner of this id.", "", "practitioner"
    UNKNOWN_CONDITION = "The catalog has no condition of this id.", "", "condition"
    UNKNOWN_STATE = "There is no state of this USPS code.", "", "state"
    UNKNOWN_SETTING = "There is no such setting.", "", "setting"
    UNKNOWN_ATTESTATION = "There is no such attestation.", "", "attestation"
    UNKNOWN_MODIFIER = "The catalog has no such modifier.", "", "modifier"
    UNKNOWN_PLACE_OF_SERVICE = "The catalog has no such place-of-service code.", "", "place of service"
    UNKNOWN_TAXONOMY = "The catalog has no practitioner of this taxonomy code.", "", "taxonomy"
    AMBIGUOUS_TAXONOMY = "Several practitioners have the taxonomy code, and the item names none."
    UNKNOWN_MEMBER_ROLE = "There is no such role of a member.", "", "role"
    UNKNOWN_MEMBER_STATUS = "There is no such status of a member.", "", "status"
    UNKNOWN_CODE = "The catalog has no such procedure code, and the request no charge of it.", "", "code"
    UNKNOWN_VALUE = "The enumeration has no such value.", "", "value"
    UNKNOWN_FIELD = "The message has no such field (JSON only).", "", "field"
    MALFORMED_MESSAGE = "The bytes of a call are no message of protobuf."
    MESSAGE_TOO_LARGE = "The message has more bytes than the server takes."
    INVALID_JSON = "A text is no JSON, or a value of it is of another type than the field (JSON only)."

    CODE_OF_ANOTHER_THERAPY = "The code is billed for another therapy than the item's."
    AMBIGUOUS_CODE = "The code belongs to several therapies, and the item names none."
    UNKNOWN_PRICE = "No charge is given, and the catalog has no typical charge of the therapy."
    WRONG_MEASURE = "Use of a limit is stated in another measure than the limit's."
    INVALID_PAGE_TOKEN = "A page token is none that a page has given."  # noqa: S105 - no secret

    RULES_REFUSED = "Rule files have errors, or tests of theirs fail."
    BOOK_REFUSED = "A book of business cannot be read, or none can be made."
    REQUEST_ID_REUSED = "The request id was used before with other content.", "ALREADY_EXISTS"
    NO_ACTIVE_RELEASE = "No release of the rules is active yet.", _FAILED_PRECONDITION
    RELEASE_UNUSABLE = "A stored release does not compile with this version of the service.", _FAILED_PRECONDITION
    ESTIMATE_NOT_KEPT = "An estimate cannot be given again: it was kept as hashes only.", _FAILED_PRECONDITION
    NOTHING_TO_RETURN_TO = "No release was active before the present one.", _FAILED_PRECONDITION
    ACTIVATION_PAST = "An activation cannot be called off any more.", _FAILED_PRECONDITION
    NOT_SERVED = "The service was started without what the call needs.", _FAILED_PRECONDITION
    ACTIVE_RELEASE_CHANGED = "Another release is active than the caller believed.", "ABORTED"
    FOUR_EYES_NEEDED = "Who published a release may not activate it.", "PERMISSION_DENIED"
    UNKNOWN_TOKEN = "The call has no bearer token that the service knows.", "UNAUTHENTICATED"
    TOKEN_EXPIRED = "The token has expired.", "UNAUTHENTICATED"
    TOKENS_NEEDED = "The method needs a service that was started with tokens.", "UNAUTHENTICATED"
    ROLE_MISSING = "The token's roles do not allow the method.", "PERMISSION_DENIED"
    OVERLOADED = "Too many calls at once, or too much work that waits.", "RESOURCE_EXHAUSTED"
    SERVER_ENDING = "The server ends, and takes nothing new.", "UNAVAILABLE"
    STORE_UNAVAILABLE = "The database is away, locked or full.", "UNAVAILABLE"
    TIMED_OUT = "The time that the server allows has passed.", "DEADLINE_EXCEEDED"
    INTERNAL_FAULT = (
        "A fault of the service; the metadata's `incident` is the number under which it is logged.",
        "INTERNAL",
    )

    def __init__(self, meaning: str, status: str = "", thing: str = "") -> None:
        """Take an entry of the table; without a status it is INVALID_ARGUMENT."""
        self.meaning = meaning
        self.status = status or "INVALID_ARGUMENT"
        self.thing = thing
