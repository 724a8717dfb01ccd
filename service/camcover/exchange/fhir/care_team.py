"""Who bills and who renders the services of a claim: their NPI, tax number and taxonomy.

What comes in: a claim of a bundle. What goes out: the numbers of its provider, and of the member of its care team who
renders an item. A member who renders is told by its role (`claimcareteamrole`): `rendering`; where nobody has it,
`primary` or no role. Whatever is not read, and whatever leaves somebody unknown, is noted with its path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from camcover.exchange.fhir.bundle_reading import Element, ReceivedBundle
from camcover.exchange.fhir.parties import NPI, TAX_IDS
from camcover.exchange.notes import quoted
from camcover.exchange.provider_numbers import tax_number, taxonomy_code
from camcover.npi import is_npi

__all__ = ["CareTeam", "RenderedBy", "named_resources", "provider_numbers", "taxonomy_of", "taxonomy_place"]

_TAXONOMIES: Final = "http://nucc.org/provider-taxonomy"
_ROLES = "http://terminology.hl7.org/CodeSystem/claimcareteamrole"
_RENDERING, _MAY_RENDER = "rendering", ("", "primary")
_OF_A_MEMBER: Final = frozenset(("id", "extension", "sequence", "provider", "responsible", "role", "qualification"))
"""Elements that are read, or do not bear on who renders. Others are noted."""


class RenderedBy(NamedTuple):
    """Who renders a service: an NPI whose check digit is right, and a taxonomy code; empty = not known."""

    npi: str
    taxonomy: str


class _Member(NamedTuple):
    """A member of the care team who may render. `role`: `rendering`, `primary` or empty."""

    sequence: int | None
    role: str
    person: RenderedBy


class CareTeam:
    """The care team of a claim."""

    def __init__(self, bundle: ReceivedBundle, claim: Element) -> None:
        """Read its members; those who do not render are noted."""
        self._claim, self._sequences = claim, set[int | None]()
        members = list(self._members(bundle))
        rendering = [each for each in members if each.role == _RENDERING]
        self._rendering = rendering or members

    def rendering(self, item: Element) -> RenderedBy | None:
        """Who renders an item: of the members whom it names, else of all. None = nobody of the team does.

        Of several nobody is taken, which is noted.
        """
        named = item.numbers("careTeamSequence")
        for each in sorted({*named} - self._sequences):
            item.refuse("careTeamSequence", str(each), "the sequence of a member of the claim's care team")
        of_item = {each.person for each in self._rendering if each.sequence in named}
        found = of_item or {each.person for each in self._rendering}
        if len(found) <= 1:
            return next(iter(found), None)
        where, name = (item, "careTeamSequence") if of_item else (self._claim, "careTeam")
        where.refuse(name, f"{len(found)} who render", "one for each item; nobody is taken")
        return RenderedBy("", "")

    def _members(self, bundle: ReceivedBundle) -> Iterator[_Member]:
        """The members who may render."""
        for each in self._claim.each("careTeam"):
            for name in sorted(each.value.keys() - _OF_A_MEMBER):
                each.refuse(name, "an element that is not read", "none")
            sequence, role = each.number("sequence"), each.one("role")
            self._sequences.add(sequence)
            code = role.code(_ROLES)
            if code == _RENDERING or (code in _MAY_RENDER and bool(code) == bool(role.value)):
                yield _Member(sequence, code, _person(bundle, each))
            else:
                expected = f"'{_RENDERING}' of {_ROLES}; others render nothing"
                each.refuse("role", quoted(code) if code else "another role", expected)


def named_resources(bundle: ReceivedBundle, reference: Element) -> list[Element]:
    """What a reference to a provider names: the resource; of a role also whose it is, which stands last."""
    found = bundle.referred(reference)
    if found is None:
        return []
    if found.value.get("resourceType") != "PractitionerRole":
        return [found]
    owner = found.one("practitioner") if "practitioner" in found.value else found.one("organization")
    whose = bundle.referred(owner)
    return [found] if whose is None else [found, whose]


def provider_numbers(bundle: ReceivedBundle, reference: Element) -> dict[str, str]:
    """The NPI (`provider`) and the tax number of who is referred to, empty = none; what is none is noted."""
    found = {"provider": "", "tax_number": ""}
    for each in _identifiers(bundle, reference):
        system, value = each.text("system"), each.text("value")
        if system == NPI and is_npi(value):
            found["provider"] = value
        elif system == NPI:
            each.refuse("value", quoted(value), "an NPI such as 1234567893, whose last digit checks the others")
        elif system == TAX_IDS and not tax_number(value):
            each.refuse("value", quoted(value), "a tax number such as 12-3456789")
        elif system == TAX_IDS:
            found["tax_number"] = tax_number(value)
    return found


def taxonomy_of(concepts: Iterable[Element]) -> str:
    """The one taxonomy code of some concepts; empty where there is none, and, with a note, where there are several."""
    found: dict[str, Element] = {}
    for each in concepts:
        code = each.code(_TAXONOMIES)
        if taxonomy_code(code):
            found.setdefault(code, each)
        elif code:
            each.refuse("coding", quoted(code), "a taxonomy code such as 171100000X")
    if len(found) > 1:
        *_, last = found.values()
        last.refuse("coding", f"a second taxonomy code, {quoted(list(found)[-1])}", "one; none is taken")
        return ""
    return next(iter(found), "")


def taxonomy_place(content: Any, code: str, path: str = "Bundle") -> str:
    """The path of the first coding with a taxonomy code inside of a value of JSON; empty where there is none."""
    if isinstance(content, dict):
        if content.get("system") == _TAXONOMIES and content.get("code") == code:
            return path
        inside = ((f"{path}.{name}", each) for name, each in content.items())
    elif isinstance(content, list):
        inside = ((f"{path}[{number}]", each) for number, each in enumerate(content))
    else:
        return ""
    return next(filter(None, (taxonomy_place(each, code, where) for where, each in inside)), "")


def _identifiers(bundle: ReceivedBundle, reference: Element) -> Iterator[Element]:
    """Those of the resources that a reference names, and its own, which may stand without a resource."""
    if "identifier" in reference.value:
        yield reference.one("identifier")
    for each in named_resources(bundle, reference):
        yield from each.each("identifier")


def _person(bundle: ReceivedBundle, member: Element) -> RenderedBy:
    """A member's NPI and taxonomy: of its qualification, else of its role, else of its resource's qualifications."""
    reference, before = member.one("provider"), len(member.notes)
    npi = provider_numbers(bundle, reference)["provider"]
    if not npi and len(member.notes) == before:
        member.refuse("provider", "no NPI", "one; published prices are not looked up")
    named, before = named_resources(bundle, reference), len(member.notes)
    told = [[member.one("qualification")]]
    for each in named:
        told.append(list(each.each("specialty")) if each.value.get("resourceType") == "PractitionerRole" else [])
        told.append([one.one("code") for one in each.each("qualification")])
    taxonomy = next(filter(None, map(taxonomy_of, told)), "")
    if not taxonomy and len(member.notes) == before:
        member.refuse("qualification", "no taxonomy code", f"one of {_TAXONOMIES}; the practitioner is not known")
    return RenderedBy(npi, taxonomy)
