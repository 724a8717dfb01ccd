"""Requests as lines in order of adjudication: points 1, 2, 5, 6 and 34, section 5 of docs/rule-language.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from .rules import RuleBook
from .values import Json, allowance, completed_years, money


@dataclass
class Claim:
    """What a line says in a claim's own codes (section 2, "As a claim says it")."""

    practitioner: str = ""
    setting: str = ""
    attests: set[str] = field(default_factory=set)
    lacks: set[str] = field(default_factory=set)


@dataclass
class Line:
    """One service line. `charge` and `allowed` are the request's, None when unknown; `typical` stands in (point 5b).

    `terms_day`: the day by which the plan that judges it reads its policies, fees and catalogs; `tier`: that plan's;
    `membership`: how that plan covers the member; `minutes`: of one unit; `period`: the first day of the
    benefit period by that plan.
    """

    item_index: int
    session: int
    number: int
    day: date
    member_id: str
    therapy: str
    code: str
    units: int
    charge: int | None
    allowed: int | None
    item: Json
    member: Json
    typical: int | None = None
    stated_minutes: int = 0
    terms_day: date = date.min
    period: date = date.min
    tier: str = ""
    claim: Claim = field(default_factory=Claim)
    minutes: int = 0
    membership: Json = field(default_factory=dict)
    diagnoses: list[str] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The state of service."""
        return str(self.item.get("state") or self.member.get("state") or "")

    @property
    def has_diagnosis(self) -> bool:
        """Whether diagnoses or conditions are given at all."""
        return bool(self.item.get("diagnoses") or self.item.get("conditions"))

    @property
    def practitioner(self) -> str:
        """The item's, else the one that its taxonomy stands for; empty when unknown."""
        return str(self.item.get("practitioner") or self.claim.practitioner)

    @property
    def attests(self) -> set[str]:
        """What the item attests, and the modifiers of the line's procedure."""
        return set(self.item.get("attestations") or []) | self.claim.attests

    @property
    def lacks(self) -> set[str]:
        """What a modifier says is not there."""
        return self.claim.lacks

    @property
    def setting(self) -> str:
        """`office` unless the item says otherwise."""
        return str(self.item.get("setting") or self.claim.setting or "office")

    @property
    def age(self) -> int | None:
        """Completed years on the date of service."""
        if self.member.get("age") is not None:
            return int(self.member["age"])
        if self.member.get("birth_date"):
            return completed_years(date.fromisoformat(self.member["birth_date"]), self.day)
        return None


def members_of(request: Json) -> list[Json]:
    """The members with their ids filled in: "1", "2", ... where empty."""
    members = request.get("members") or [{}]
    return [{**member, "id": member.get("id") or str(number)} for number, member in enumerate(members, 1)]


def episode_starts(request: Json) -> dict[tuple[str, str], date]:
    """When each member's episodes began: as stated, else with the first service or dated visit (point 49)."""
    found: dict[tuple[str, str], date] = {}
    members = members_of(request)
    for item in request["items"]:
        key = item.get("member_id") or members[0]["id"], item.get("episode", "")
        found[key] = min(found.get(key, date.max), *_dates(item))
    for member in members:
        for visit in [*(member.get("prior_visits") or []), *(member.get("secondary_prior_visits") or [])]:
            key = member["id"], visit.get("episode", "")
            found[key] = min(found.get(key, date.max), date.fromisoformat(visit["date"]))
        for each in member.get("episodes") or []:
            found[member["id"], each.get("episode", "")] = date.fromisoformat(each["start_date"])
    return found


def expand(request: Json, rules: RuleBook) -> list[Line]:
    """All lines of a request, by date, then in the order of the request."""
    members = {member["id"]: member for member in members_of(request)}
    lines: list[Line] = []
    for index, item in enumerate(request["items"]):
        member_id = item.get("member_id") or next(iter(members))
        for number, day in enumerate(_dates(item), 1):
            lines += _session(index, number, day, item, members[member_id], rules)
    lines = _billed(sorted(lines, key=lambda line: line.day), request["plan_id"], rules)
    for session in {(line.item_index, line.session): None for line in lines}:
        _share_typical_charge([line for line in lines if (line.item_index, line.session) == session], rules)
    return lines


def _billed(lines: list[Line], plan_id: str, rules: RuleBook) -> list[Line]:
    """The lines with units in place of minutes, without those that come to none (point 50)."""
    together: dict[tuple[str, date], list[Line]] = {}
    for line in lines:
        if line.stated_minutes:
            each = line.minutes
            line.units = _units_of(line.stated_minutes, each)
            if each == 15 and rules.nearest_plan(plan_id, line.day)["unit_rule"] == "cms":
                together.setdefault((line.member_id, line.day), []).append(line)
    for day in together.values():
        left = _units_of(sum(line.stated_minutes for line in day), 15)
        for line in day:
            line.units = line.stated_minutes // 15
            left -= line.units
        for line in sorted(day, key=lambda line: line.stated_minutes % 15, reverse=True)[:left]:
            line.units += 1
    return [line for line in lines if line.units > 0]


def _units_of(minutes: int, each: int) -> int:
    """Whole units, and one more where more than half of one is left."""
    whole, left = divmod(minutes, each)
    return whole + 1 if left > each / 2 else whole


def _dates(item: Json) -> list[date]:
    """The dates of the sessions, ascending."""
    if item.get("dates"):
        return sorted(date.fromisoformat(text) for text in item["dates"])
    first = date.fromisoformat(item["start_date"])
    return [first + timedelta(days=(item.get("every_days") or 7) * i) for i in range(item.get("sessions") or 1)]


def _session(index: int, session: int, day: date, item: Json, member: Json, rules: RuleBook) -> list[Line]:
    """The lines of a session: its procedures in order, or one line without a code."""
    procedures = item.get("procedures") or []
    if len(procedures) <= 1:
        # Point 34: what is given for the session is what is given for its only line.
        only = procedures[0] if procedures else {}
        own = {key: item[key] for key in ("charge_cents", "allowed_cents") if item.get(key) is not None}
        procedures = [own | {key: value for key, value in only.items() if value is not None}]
    lines = [
        Line(
            item_index=index,
            session=session,
            number=number,
            day=day,
            member_id=member["id"],
            therapy=_therapy(item, number - 1, procedure.get("code", ""), rules),
            code=procedure.get("code", ""),
            units=procedure.get("units") or 1,
            stated_minutes=procedure.get("minutes") or 0,
            charge=procedure.get("charge_cents"),
            allowed=procedure.get("allowed_cents"),
            item=item,
            member=member,
            diagnoses=_diagnoses(item, day, rules),
            claim=_claim(item, procedure, rules),
        )
        for number, procedure in enumerate(procedures, 1)
    ]
    for line in lines:
        line.minutes = _minutes(line, rules)
    return lines


def _claim(item: Json, procedure: Json, rules: RuleBook) -> Claim:
    """Place of service, taxonomy and modifiers in the catalog's words; a modifier's setting is the whole item's."""
    own = [rules.latest("modifiers", each) for each in procedure.get("modifiers") or []]
    all_of_item = [each for other in item.get("procedures") or [] for each in other.get("modifiers") or []]
    settings = [rules.latest("modifiers", each).get("setting") for each in all_of_item]
    if item.get("place_of_service"):
        settings.append(rules.latest("places_of_service", item["place_of_service"]))
    return Claim(
        practitioner=rules.practitioner_of(item["taxonomy"], item.get("therapy", "")) if item.get("taxonomy") else "",
        setting=next((each for each in settings if each), ""),
        attests={each for modifier in own for each in modifier.get("attests", [])},
        lacks={each for modifier in own for each in modifier.get("lacks", [])},
    )


def _practitioner_of(item: Json, rules: RuleBook) -> str:
    """The item's practitioner, by its id or its taxonomy; empty when unknown."""
    return str(item.get("practitioner") or _claim(item, {}, rules).practitioner)


def _therapy(item: Json, place: int, code: str, rules: RuleBook) -> str:
    """The item's therapy, else the one that the code settles; none for a code that no catalog has (point 2)."""
    beside = [each["code"] for other, each in enumerate(item.get("procedures") or []) if other != place]
    of_code = rules.therapies_of(code, _practitioner_of(item, rules), beside) if code else []
    if code and not of_code:
        return ""
    return str(item.get("therapy") or of_code[0])


def _minutes(line: Line, rules: RuleBook) -> int:
    """How long one unit takes: of the codes that the therapy names, else a session (section 4, limits)."""
    terms = rules.entry("therapies", line.therapy, line.day).get("minutes")
    if terms is None:
        return 0
    return allowance(terms.get("codes", {}).get(line.code, terms["session"])).amount


def _diagnoses(item: Json, day: date, rules: RuleBook) -> list[str]:
    """The diagnoses, and the entries of the conditions as if each were one (point 3); upper case without dots."""
    codes = list(item.get("diagnoses") or [])
    for condition in item.get("conditions") or []:
        codes += rules.entry("conditions", condition, day)["icd10"]
    return [plain_code(code) for code in codes]


def plain_code(code: str) -> str:
    """An ICD-10 code or prefix without dots, in upper case."""
    return code.replace(".", "").upper()


def _share_typical_charge(lines: list[Line], rules: RuleBook) -> None:
    """Divide the typical charge of a session over its lines of unknown charge, odd cents to the first (point 5b).

    Reading: "unknown" is what the request does not give; a line settled by point 5a keeps its share.
    """
    unknown = [line for line in lines if line.charge is None]
    for place, line in enumerate(unknown):
        terms = rules.entry("therapies", line.therapy, line.day).get("typical_charge")
        if terms is not None:
            whole, odd = divmod(money(terms["typical"]), len(unknown))
            line.typical = whole + (1 if place < odd else 0)
