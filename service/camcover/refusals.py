"""Every kind of refusal: its stable reason, the gRPC status that it is answered with, and what it means.

A kind's name is what `google.rpc.ErrorInfo`, `BadRequest.FieldViolation.reason` and the rejects of bulk carry: it is
never renamed. docs/api.md lists the table. A new refusal is one entry here.
"""

from __future__ import annotations

from enum import Enum, unique

__all__ = ["DOMAIN", "Refusal"]

DOMAIN = "camcover"
"""The domain of our reasons in `google.rpc.ErrorInfo`."""

_NOT_FOUND, _FAILED_PRECONDITION, _UNIMPLEMENTED = "NOT_FOUND", "FAILED_PRECONDITION", "UNIMPLEMENTED"


@unique
class Refusal(Enum):
    """A kind of refusal; `thing` is what an unknown word would have named."""

    INVALID_REQUEST = "Several fields are wrong in different ways; each field violation has its own reason."

    MORE_VIOLATIONS = (
        "The last field violation, without a field: the request has more violations than the answer lists."
    )

    MISSING_VALUE = "A required value is missing."
    INVALID_DATE = "A text is not a calendar date in the form 2026-01-31."
    INVALID_TEXT = "A text does not have the form that the field needs."
    INVALID_DIAGNOSIS = "A text does not look like an ICD-10-CM code."
    CONTROL_CHARACTER = "A text contains a control character."
    TEXT_LENGTH_OUT_OF_RANGE = "A text is too short or too long."
    COUNT_OUT_OF_RANGE = "A list has too few or too many entries, or the request has too many lines."
    NUMBER_OUT_OF_RANGE = "A number is too small or too large."
    AMOUNT_OUT_OF_RANGE = "An amount of money is too small or too large."
    DATE_OUT_OF_RANGE = "A date is too early or too late."
    REPEATED = "A value is given twice."
    UNUSED_STATEMENT = "A field is given that has no effect in this request."
    CONTRADICTORY_STATEMENTS = "Two statements of the request exclude each other."
    CONTRADICTORY_USE = (
        "The prior use is impossible: the plan allows less, or it contradicts another amount of the request."
    )
    PLAN_NOT_IN_FORCE = "A date is before the plan's first edition, or the plan has terms for none of the dates."

    UNKNOWN_PLAN = "There is no payer plan with this id.", _NOT_FOUND, "plan"
    UNKNOWN_THERAPY = "The catalog has no therapy with this id.", _NOT_FOUND, "therapy"
    UNKNOWN_RULE_RELEASE = "There is no release with this id.", _NOT_FOUND, "release"
    UNKNOWN_ESTIMATE = "There is no stored estimate with this name.", _NOT_FOUND, "estimate"
    ESTIMATE_ERASED = "An estimate was erased by its caller.", _NOT_FOUND
    UNKNOWN_ACTIVATION = "There is no activation with this number.", _NOT_FOUND, "activation"
    UNKNOWN_DRAFT = "There is no draft with this id.", _NOT_FOUND, "draft"
    UNKNOWN_TIER = "The plan has no tier with this id.", "", "tier"
    UNKNOWN_ACCUMULATOR = "The plan has no accumulator with this id.", "", "accumulator"
    UNKNOWN_ACCOUNT = "The plan has no account with this id.", "", "account"
    UNKNOWN_LIMIT = "The plan has no limit with this id.", "", "limit"
    UNKNOWN_BENEFIT = "The plan has no benefit with this id.", "", "benefit"
    UNKNOWN_MEMBER = "The request has no member with this id.", "", "member"
    UNKNOWN_PRACTITIONER = "The catalog has no practitioner with this id.", "", "practitioner"
    UNKNOWN_CONDITION = "The catalog has no condition with this id.", "", "condition"
    UNKNOWN_STATE = "There is no state with this USPS code.", "", "state"
    UNKNOWN_SETTING = "There is no such setting.", "", "setting"
    UNKNOWN_ATTESTATION = "There is no such attestation.", "", "attestation"
    UNKNOWN_MODIFIER = "The catalog has no such modifier.", "", "modifier"
    UNKNOWN_PLACE_OF_SERVICE = "The catalog has no such place-of-service code.", "", "place of service"
    UNKNOWN_TAXONOMY = "The catalog has no practitioner with this taxonomy code.", "", "taxonomy"
    AMBIGUOUS_TAXONOMY = "Several practitioners have the taxonomy code, and the item names none."
    UNKNOWN_MEMBER_ROLE = "There is no such role of a member.", "", "role"
    UNKNOWN_MEMBER_STATUS = "There is no such status of a member.", "", "status"
    UNKNOWN_CODE = "The catalog has no such procedure code, and the request gives no charge for it.", "", "code"
    UNKNOWN_VALUE = "The enumeration has no such value.", "", "value"
    UNKNOWN_FIELD = "The message has no such field (JSON only).", "", "field"
    MALFORMED_MESSAGE = "The bytes of the call are not a protobuf message."
    MESSAGE_TOO_LARGE = "The message has more bytes than the server accepts."
    UNREADABLE_FILE = "A file of another format cannot be read, or has none or several of what is asked for."
    INVALID_JSON = "A text is not JSON, or a value has another type than its field (JSON only)."

    CODE_OF_ANOTHER_THERAPY = "The code is billed for another therapy than the therapy of the item."
    AMBIGUOUS_CODE = "The code belongs to several therapies, and the item names none."
    UNKNOWN_PRICE = "No charge is given, and the catalog has no typical charge for the therapy."
    WRONG_MEASURE = "The use of a limit is given in another measure than the limit's."
    INVALID_PAGE_TOKEN = "A page token is not one that an earlier response gave."  # noqa: S105 - no secret

    RULES_REFUSED = "Rule files have errors, or their tests fail."
    BOOK_REFUSED = "A book of business cannot be read or made."
    REQUEST_ID_REUSED = "The request id was used before with other content.", "ALREADY_EXISTS"
    NO_ACTIVE_RELEASE = "No release of the rules is active yet.", _FAILED_PRECONDITION
    RELEASE_UNUSABLE = "This version of the service cannot compile a stored release.", _FAILED_PRECONDITION
    ESTIMATE_NOT_KEPT = "An estimate cannot be shown again: only its hashes were kept.", _FAILED_PRECONDITION
    NOTHING_TO_RETURN_TO = "No release was active before the present one.", _FAILED_PRECONDITION
    ACTIVATION_PAST = "An activation can no longer be called off.", _FAILED_PRECONDITION
    NOT_SERVED = "The service was started without what the call needs.", _FAILED_PRECONDITION
    ACTIVE_RELEASE_CHANGED = "Another release is active than the caller expected.", "ABORTED"
    DRAFT_CHANGED = "A draft is at another revision than the call names.", "ABORTED"
    WRONG_DRAFT_STATE = "The state of a draft does not allow the step.", _FAILED_PRECONDITION
    DRAFT_BASE_MOVED = "Another release is in force than the one that a draft changes.", _FAILED_PRECONDITION
    DRAFT_FULL = "A draft would have too many files, bytes or steps.", _FAILED_PRECONDITION
    FOUR_EYES_NEEDED = (
        "A second person is needed: to activate what somebody published, and to approve a draft that somebody wrote.",
        "PERMISSION_DENIED",
    )
    PAYER_NOT_ALLOWED = "The caller may change the rules of some payers alone.", "PERMISSION_DENIED"
    UNKNOWN_TOKEN = "The call has no bearer token and no client certificate that the service knows.", "UNAUTHENTICATED"
    TOKEN_REFUSED = "The service does not accept the access token; the message says why.", "UNAUTHENTICATED"
    TOKEN_EXPIRED = "The token has expired.", "UNAUTHENTICATED"
    TOKENS_NEEDED = "The method needs a service that knows its callers.", "UNAUTHENTICATED"
    ROLE_MISSING = "The caller's roles do not allow the method.", "PERMISSION_DENIED"
    OVERLOADED = "Too many calls at once, or too much work waiting.", "RESOURCE_EXHAUSTED"
    RATE_EXCEEDED = "The caller makes more calls a second than it may.", "RESOURCE_EXHAUSTED"
    SERVER_ENDING = "The server is shutting down and takes no new calls.", "UNAVAILABLE"
    ISSUER_UNAVAILABLE = "The identity provider whose keys judge the token cannot be reached.", "UNAVAILABLE"
    STORE_UNAVAILABLE = (
        "The database cannot be reached, is locked, is full, or has too many writes or look-ups waiting.",
        "UNAVAILABLE",
    )
    TIMED_OUT = "The call took longer than the server, or the call itself, allows.", "DEADLINE_EXCEEDED"
    UNKNOWN_PATH = "No method has this path (HTTP only).", _UNIMPLEMENTED
    WRONG_HTTP_METHOD = "The path takes other methods of HTTP; `Allow` lists them (HTTP only).", _UNIMPLEMENTED
    WRONG_CONTENT_TYPE = "The path takes other content types; `Accept-Post` lists them (HTTP only).", _UNIMPLEMENTED
    UNKNOWN_ENCODING = "The service cannot read this content encoding (HTTP only).", _UNIMPLEMENTED
    ORIGIN_REFUSED = "Pages of this origin may not call the service (HTTP only).", "PERMISSION_DENIED"
    INVALID_HEADER = "A header or a parameter of the address has an invalid value (HTTP only)."
    INTERNAL_FAULT = (
        "The service failed; its log has the details under the number in the metadata's `incident`.",
        "INTERNAL",
    )

    def __init__(self, meaning: str, status: str = "", thing: str = "") -> None:
        """Take an entry of the table; without a status it is INVALID_ARGUMENT."""
        self.meaning = meaning
        self.status = status or "INVALID_ARGUMENT"
        self.thing = thing
