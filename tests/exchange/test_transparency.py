"""Transparency in Coverage files: which prices count, of whom, and what is listed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from camcover.exchange.fees_text import DraftTierFees
from camcover.exchange.notes import UnreadableFile
from camcover.exchange.transparency.allowed_amounts import read_allowed_amounts
from camcover.exchange.transparency.in_network import read_in_network
from camcover.exchange.transparency.records import ReadPrices, WantedPrices
from camcover.exchange.transparency.terms import PricedTier, tier_of
from camcover.money import Cents
from camcover.rulebook.records import Setting
from camcover.several import OfSeveral
from price_files import (
    NETWORK,
    NPI,
    OTHER_NPI,
    OTHER_TIN,
    TIN,
    Json,
    allowed,
    entry,
    group,
    in_network,
    inline_rate,
    payment,
    providers,
    rate,
    saved,
)
from public_tables import path_of

PLACES = {"11": Setting.OFFICE, "12": Setting.HOME, "21": Setting.INPATIENT_HOSPITAL, "22": Setting.OUTPATIENT_HOSPITAL}
EVERYWHERE = 8
LAST = date(2026, 12, 31)


def wanted(**choice: Any) -> WantedPrices:
    """Prices of 97810 and 97811 in 2026."""
    return WantedPrices(frozenset({"97810", "97811"}), PLACES, date(2026, 1, 1), **choice)


def read(folder: Path, content: Json, **choice: Any) -> ReadPrices:
    """What is read of a file of negotiated rates."""
    return read_in_network(saved(folder / "t.json", content), wanted(**choice))


def fees(found: ReadPrices, of_several: OfSeveral | None = None) -> PricedTier:
    """The fees of what was read."""
    return tier_of(found, "tic in_network", LAST, of_several)


def told(found: Iterable[object]) -> list[str]:
    """What could not be read, as it is printed."""
    return [str(each) for each in found]


def test_a_price_of_all_places_is_the_codes_fee(tmp_path: Path) -> None:
    tier = fees(read(tmp_path, in_network(entry("97810"), entry("99999"))))
    assert tier == PricedTier(DraftTierFees({"97810": Cents(4850)}, "tic in_network", []), [], [])


def test_the_file_is_as_the_schemas_of_cms_ask() -> None:
    """The invented files of these tests, by the JSON schemas of 2.1.0 and 1.3.1, where those lie beside the project."""
    schemas = path_of("v2.1.0/schemas/in-network-rates.json").parents[2]
    for version, content in (
        ("v2.1.0", in_network(entry("97810"))),
        ("v1.3.1", in_network(entry("97810", inline_rate()), version="1.3.1", provider_references=[group()])),
    ):
        for each in content["provider_references"]:
            if version == "v1.3.1":
                del each["network_name"]
        schema = json.loads((schemas / version / "schemas" / "in-network-rates.json").read_text())
        jsonschema.validate(content, schema)
    schema = json.loads((schemas / "v2.1.0" / "schemas" / "allowed-amounts.json").read_text())
    content = in_network()
    del content["in_network"], content["provider_references"]
    jsonschema.validate(content | {"out_of_network": [allowed("97810", payment(40))]}, schema)


def test_places_of_service_are_settings(tmp_path: Path) -> None:
    """48.50 in an office and at home, 30.00 in a hospital; nowhere else is there a price."""
    content = in_network(
        entry("97810", rate({"service_code": ["11", "12"]}, {"service_code": ["21", "22"], "negotiated_rate": 30}))
    )
    table = fees(read(tmp_path, content)).fees
    assert table.codes == {}
    assert [(each.settings, each.codes) for each in table.rates] == [
        (("office", "home"), {"97810": 4850}),
        (("outpatient_hospital", "inpatient_hospital"), {"97810": 3000}),
    ]


def test_a_price_of_some_places_goes_before_one_of_all(tmp_path: Path) -> None:
    content = in_network(entry("97810", rate({}, {"service_code": ["11"], "negotiated_rate": 30})))
    rates = {each.settings: each.codes["97810"] for each in fees(read(tmp_path, content)).fees.rates}
    assert rates[("office",)] == 3000
    assert sorted((len(settings), cents) for settings, cents in rates.items()) == [(1, 3000), (7, 4850)]


@pytest.mark.parametrize(("setting", "count"), [("inpatient", 1), ("outpatient", EVERYWHERE - 1)])
def test_the_setting_bounds_the_places(tmp_path: Path, setting: str, count: int) -> None:
    (only,) = fees(read(tmp_path, in_network(entry("97810", rate({"setting": setting}))))).fees.rates
    assert len(only.settings) == count
    assert ("inpatient_hospital" in only.settings) == (setting == "inpatient")


def test_a_fee_schedule_goes_before_what_was_negotiated(tmp_path: Path) -> None:
    """It is what cost sharing is taken of."""
    content = in_network(entry("97810", rate({}, {"negotiated_type": "fee schedule", "negotiated_rate": 41.25})))
    assert fees(read(tmp_path, content)).fees.codes == {"97810": 4125}


@pytest.mark.parametrize(
    ("price", "found"),
    [
        ({"negotiated_type": "percentage"}, "the negotiated type 'percentage'; expected a price in dollars"),
        ({"negotiated_type": "derived"}, "the negotiated type 'derived'; expected a price in dollars"),
        ({"negotiated_type": "per diem"}, "the negotiated type 'per diem'; expected a price in dollars"),
        ({"negotiated_type": ["x"]}, "the negotiated type no text or number; expected a price in dollars"),
        ({"negotiated_rate": 0}, "the amount '0'; expected an amount from 0.01 to 10,000,000.00"),
        ({"negotiated_rate": -5}, "the amount '-5'; expected an amount"),
        ({"negotiated_rate": True}, "the amount no text or number; expected an amount"),
        ({"negotiated_rate": "48.50"}, "the amount '48.50'; expected an amount"),
        ({"negotiated_rate": 1e300}, "expected an amount"),
        ({"expiration_date": "soon"}, "the expiration date 'soon'; expected a day such as 2026-12-31"),
        ({"expiration_date": None}, "the expiration date no text or number; expected a day"),
        ({"billing_class": "x"}, "the billing class 'x'; expected professional, institutional or both"),
        ({"billing_class": []}, "the billing class no text or number; expected professional"),
        ({"service_code": [11]}, "the places [11] in the setting 'both'; expected a list of places of service"),
        ({"setting": "x"}, "in the setting 'x'; expected a list of places of service"),
    ],
)
def test_a_price_that_cannot_be_read_is_listed(tmp_path: Path, price: Json, found: str) -> None:
    read_ = read(tmp_path, in_network(entry("97810", rate({"service_code": ["11"]}, price))))
    (line,) = told(read_.unread)
    assert line.startswith("t.json: 97810, in_network 1, rate 1, price 2: found ")
    assert found in line
    assert len(read_.prices["97810"]) == 1


@pytest.mark.parametrize(
    ("price", "note"),
    [
        ({"billing_class": "institutional"}, "Left out, prices of institutions: 97810 (1)."),
        ({"billing_code_modifier": ["TC"]}, "Left out, prices with a modifier: 97810 (1)."),
        ({"expiration_date": "2025-12-31"}, "Left out, prices that ended before the year: 97810 (1)."),
        ({"service_code": ["99"]}, "Left out, prices for places of service that no setting stands for: 97810 (1)."),
        ({"expiration_date": "2026-06-30"}, "97810: a price ends on 2026-06-30, before the file does."),
    ],
)
def test_a_price_that_is_not_asked_for_is_a_note(tmp_path: Path, price: Json, note: str) -> None:
    tier = fees(read(tmp_path, in_network(entry("97810", rate({}, price)))))
    assert (tier.notes, tier.unread) == ([note], [])


def test_prices_that_are_not_asked_for_are_counted_by_code(tmp_path: Path) -> None:
    modified = rate({}, {"billing_code_modifier": ["TC"]}, {"billing_code_modifier": ["26"], "negotiated_rate": 9})
    content = in_network(entry("97811", modified), entry("97810", modified, modified), entry("99999", modified))
    assert fees(read(tmp_path, content)).notes == ["Left out, prices with a modifier: 97810 (4), 97811 (2)."]


def test_the_same_again_is_counted(tmp_path: Path) -> None:
    content = in_network(entry("97810", *(rate({"negotiated_type": "derived"}) for _ in range(1500))))
    (line,) = told(read(tmp_path, content).unread)
    assert "rate 1, price 1: found the negotiated type 'derived' (1,500 times); expected" in line


def test_what_is_left_out_in_very_many_ways_is_counted_together(tmp_path: Path) -> None:
    content = in_network(entry("97810", rate(*({"negotiated_rate": str(number)} for number in range(600)))))
    lines = told(read(tmp_path, content).unread)
    assert len(lines) == 501
    assert "found something else (100 times); expected an amount" in lines[-1]


def test_other_arrangements_and_codes_are_listed(tmp_path: Path) -> None:
    content = in_network(
        entry("97810", negotiation_arrangement="bundle"),
        entry("CSTM-00", billing_code_type="CSTM-ALL"),
        entry("97811", negotiated_rates=[3, {"negotiated_prices": [5]}]),
        entry("97811", billing_code_type="LOCAL"),
        entry("97811", billing_code=["97811"]),
    )
    assert told(read(tmp_path, content).unread) == [
        "t.json: 97810, in_network 1: found the arrangement 'bundle'; expected the arrangement ffs",
        "t.json: in_network 2: found a price of all other codes; expected a code of its own",
        "t.json: 97811, in_network 3, rate 1: found no list of prices; expected objects and lists as in the schema",
        "t.json: 97811, in_network 3, rate 2, price 1: found '5'; expected objects and lists as in the schema",
    ]


def test_the_code_may_stand_behind_its_rates(tmp_path: Path) -> None:
    turned = dict(reversed(entry("97810").items()))
    other = dict(reversed(entry("99999").items()))
    assert list(read(tmp_path, in_network(turned, other)).prices) == ["97810"]


TWO_PROVIDERS = in_network(
    entry("97810", rate(), rate({"negotiated_rate": 52}, references=[2])),
    groups=[group(), group(2, "Example Wide", npi=OTHER_NPI, tin=OTHER_TIN)],
)


@pytest.mark.parametrize(
    ("choice", "cents"),
    [
        ({"npis": {NPI}}, 4850),
        ({"npis": {OTHER_NPI}}, 5200),
        ({"tins": {"123456789"}}, 4850),
        ({"tins": {"987654321"}, "npis": {OTHER_NPI}}, 5200),
        ({"networks": {NETWORK.lower()}}, 4850),
        ({"networks": {"example wide"}, "npis": {OTHER_NPI}}, 5200),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_providers_are_chosen(tmp_path: Path, choice: dict[str, Any], cents: int, order: int) -> None:
    """Whether the groups stand before the rates or behind them."""
    content = dict(list(TWO_PROVIDERS.items())[::order])
    sets = {name: frozenset(each) for name, each in choice.items()}
    assert fees(read(tmp_path, content, **sets)).fees.codes == {"97810": cents}


def test_providers_that_are_nowhere_have_no_prices(tmp_path: Path) -> None:
    found = read(tmp_path, TWO_PROVIDERS, networks=frozenset({"another"}))
    assert found.prices == {"97810": set()}
    assert found.networks == {NETWORK, "Example Wide"}
    assert read(tmp_path, TWO_PROVIDERS, npis=frozenset({NPI}), tins=frozenset({"987654321"})).prices["97810"] == set()


def test_a_contract_of_a_whole_tax_number_holds_for_its_providers(tmp_path: Path) -> None:
    content = in_network(entry("97810"), groups=[group(npi="0")])
    both = {"npis": frozenset({NPI}), "tins": frozenset({"123456789"})}
    assert fees(read(tmp_path, content, **both)).fees.codes == {"97810": 4850}
    assert read(tmp_path, content, npis=frozenset({NPI})).prices["97810"] == set()


def test_numbers_of_groups_may_be_written_otherwise(tmp_path: Path) -> None:
    content = in_network(entry("97810", rate(references=[40.0])), groups=[group(40)])
    assert fees(read(tmp_path, content, npis=frozenset({NPI}))).fees.codes == {"97810": 4850}


def test_schema_1_has_providers_in_the_rate(tmp_path: Path) -> None:
    content = in_network(
        entry("97810", inline_rate(), inline_rate({"negotiated_rate": 52}, npi=OTHER_NPI)), version="1.3.1"
    )
    assert fees(read(tmp_path, content, npis=frozenset({NPI}))).fees.codes == {"97810": 4850}


def test_groups_that_cannot_be_read_are_listed(tmp_path: Path) -> None:
    content = in_network(
        entry("97810"),
        groups=[
            group(),
            {"provider_group_id": 2, "location": "https://example.org/2.json"},
            {"provider_group_id": 3},
            "four",  # type: ignore[list-item]
            {"provider_group_id": [5], "provider_groups": [providers(), 6, {"npi": 7, "tin": 8}]},
        ],
    )
    assert told(read(tmp_path, content, npis=frozenset({NPI})).unread) == [
        "t.json: provider_references 2: found groups in another file; expected groups of providers within the file",
        "t.json: provider_references 3: found no groups; expected groups of providers within the file",
        "t.json: provider_references 4: found 'four'; expected objects and lists as in the schema",
    ]


SEVERAL = in_network(entry("97810", *(rate({"negotiated_rate": each}) for each in (48.5, 30, 61.004, 48.5))))


def test_several_amounts_are_no_fee(tmp_path: Path) -> None:
    tier = fees(read(tmp_path, SEVERAL))
    assert tier.fees.codes == {}
    assert len(told(tier.unread)) == 1
    assert "found 3 amounts from $30.00 to $61.00; expected one; choose providers by --npi" in told(tier.unread)[0]


@pytest.mark.parametrize(("of_several", "cents"), [("lowest", 3000), ("middle", 4850), ("highest", 6100)])
def test_one_of_several_amounts_may_stand(tmp_path: Path, of_several: str, cents: int) -> None:
    """Of 30.00, 48.50 and 61.00; 61.004 is 61.00, half up."""
    tier = fees(read(tmp_path, SEVERAL), OfSeveral(of_several))
    assert (tier.fees.codes, tier.unread) == ({"97810": cents}, [])
    assert tier.notes[0].endswith(f"3 amounts from $30.00 to $61.00; the {of_several} stands.")


ALLOWED = in_network(
    out_of_network=[
        allowed("97810", payment(40), payment(55, OTHER_NPI), payment(70, billing_code_modifier=["25"])),
        allowed("97811", payment("x"), {"allowed_amount": 1}, 3, tin=OTHER_TIN),  # type: ignore[arg-type]
        allowed("99999", payment(1)),
        allowed("97811", payments=4),
    ]
)
del ALLOWED["in_network"]


def outside(folder: Path, **choice: Any) -> ReadPrices:
    """What is read of the file of allowed amounts."""
    return read_allowed_amounts(saved(folder / "a.json.gz", ALLOWED), wanted(**choice))


def test_amounts_allowed_outside_the_network(tmp_path: Path) -> None:
    """The provider's amount, in an office; 97811 has one of another tax number without providers."""
    found = fees(outside(tmp_path, npis=frozenset({NPI})))
    assert [(each.settings, each.codes) for each in found.fees.rates] == [(("office",), {"97810": 4000})]
    assert fees(outside(tmp_path, npis=frozenset({OTHER_NPI}))).fees.rates[0].codes == {"97810": 5500}
    assert outside(tmp_path, tins=frozenset({"987654321"})).prices["97810"] == set()


def test_payments_that_cannot_be_read_are_listed(tmp_path: Path) -> None:
    shape = "expected objects and lists as in the schema"
    place = "a.json.gz: 97811, out_of_network"
    assert told(outside(tmp_path).unread) == [
        f"{place} 2, amount 1, payment 1: found the amount 'x'; expected an amount from 0.01 to 10,000,000.00",
        f"{place} 2, amount 1, payment 2: found no payment with a list of providers (2 times); {shape}",
        f"{place} 4, amount 1: found no list of payments; {shape}",
    ]


def test_another_file_or_plan_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "t.json", in_network(entry("97810"), plan_id="12345"))
    with pytest.raises(UnreadableFile, match="no list out_of_network; expected a file of allowed amounts"):
        read_allowed_amounts(path, wanted())
    with pytest.raises(UnreadableFile, match="found the plan '12345'; expected the plan '99'"):
        read_in_network(path, wanted(plan_id="99"))
    assert read_in_network(path, wanted(plan_id="12345")).heading["plan_id"] == "12345"
    for content in ({}, {"in_network": 3}):
        with pytest.raises(UnreadableFile, match="no list in_network; expected a file of negotiated rates"):
            read_in_network(saved(path, content), wanted())
    with pytest.raises(UnreadableFile, match="found no plan_id; expected the plan '99'"):
        read_allowed_amounts(saved(path, {"out_of_network": []}), wanted(plan_id="99"))


def test_the_samples_of_cms_are_read() -> None:
    """Every in-network sample of three schemas, where those lie beside the project; the 2.1.0 one has 99214 at 150."""
    folder = path_of("v2.1.0/examples/in-network-rates-all-negotiated-types-sample.json").parents[2]
    samples = sorted(folder.rglob("in-network-rates*sample.json"))
    assert len(samples) == 13
    asked = WantedPrices(frozenset({"99214", "27447"}), PLACES, date(2020, 1, 1))
    found = {path: read_in_network(path, asked) for path in samples}
    (sample,) = [each for path, each in found.items() if "all-negotiated" in path.name]
    assert [price.cents for price in sample.prices["99214"]] == [15000]


@pytest.mark.parametrize("length", range(0, len(json.dumps(in_network(entry("97810")))), 7))
def test_a_file_that_is_cut_off_gives_nothing(tmp_path: Path, length: int) -> None:
    (tmp_path / "t.json").write_text(json.dumps(in_network(entry("97810")))[:length])
    with pytest.raises(UnreadableFile, match="no JSON, or JSON that is cut off"):
        read_in_network(tmp_path / "t.json", wanted())


def test_broken_files_give_prices_or_reasons(tmp_path: Path) -> None:
    dice = random.Random(20261128)  # noqa: S311 - a seeded choice of changes
    files = {read_in_network: TWO_PROVIDERS, read_allowed_amounts: ALLOWED}
    for number in range(400):
        reader, content = list(files.items())[number % 2]
        whole = json.dumps(content).encode()
        place = dice.randrange(len(whole))
        rest = bytes([dice.randrange(256)]) + whole[place + 1 :] if number % 4 < 2 else b""
        (tmp_path / "t.json").write_bytes(whole[:place] + rest)
        try:
            fees(reader(tmp_path / "t.json", wanted(npis=frozenset({NPI}), tins=frozenset({TIN.replace("-", "")}))))
        except UnreadableFile:
            continue


def test_values_of_other_kinds_give_prices_or_reasons(tmp_path: Path) -> None:
    """Each value of the files in turn becomes a text, a number, nothing, a list, a mapping."""
    for reader, content in ((read_in_network, TWO_PROVIDERS), (read_allowed_amounts, ALLOWED)):
        for path in places_of(content):
            for other in ("x", -1, None, [], {}, [[1]], {"a": None}, True):
                changed = json.loads(json.dumps(content))
                target = changed
                for step in path[:-1]:
                    target = target[step]
                target[path[-1]] = other
                try:
                    fees(reader(saved(tmp_path / "t.json", changed), wanted(npis=frozenset({NPI}))))
                except UnreadableFile:
                    assert len(path) == 1


def places_of(value: Any, path: tuple[Any, ...] = ()) -> Iterable[tuple[Any, ...]]:
    """Where each value within a value stands."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in inner:
        yield from places_of(each, (*path, step))
