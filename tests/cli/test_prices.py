"""`camcover prices`: files of prices by provider, whose price stands, and what ends the command."""

from __future__ import annotations

import sqlite3
import threading
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from camcover.cli import app
from camcover.money import Cents
from camcover.rulebook.records import Setting
from camcover.store.errors import StoreUnavailable, UnusablePrices
from camcover.store.prices import AskedPrice, PriceFile, PublishedPrice
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

ASKED = AskedPrice("fees", "in_network", "97810", int(NPI), 0, Setting.OFFICE, frozenset(), date(2026, 5, 4))


def prices_of(*words: object) -> tuple[int, str, str]:
    """Status, output and errors of `camcover prices`."""
    done = CliRunner().invoke(app, ["prices", *map(str, words)])
    return done.exit_code, done.stdout, done.stderr


def imported(folder: Path, content: Json, *words: object, outside: Json | None = None) -> PriceFile:
    """The file of prices of a file of negotiated rates, and of one of amounts allowed outside the network."""
    given = ["--in-network", saved(folder / "rates.json", content), *words]
    if outside is not None:
        given += ["--allowed-amounts", saved(folder / "outside.json", outside)]
    status, _, errors = prices_of("import", "--id", "fees", "-o", folder / "prices.sqlite", "--replace", *given)
    assert (status, errors) == (0, "")
    return PriceFile(folder / "prices.sqlite")


def cents(file: PriceFile, **asked: object) -> int | None:
    """The price of what is asked, `ASKED` but for the given fields."""
    found = file.price(ASKED._replace(**asked))  # type: ignore[arg-type] # fields by name
    return None if found is None else found.cents


def test_each_provider_has_the_price_of_his_group_and_the_file_is_cited(tmp_path: Path) -> None:
    """Group 1 has 48.50, group 2 has 60.00; group 2 is written 2.0 where it is defined."""
    content = in_network(
        entry("97810", rate(references=[1]), rate({"negotiated_rate": 60}, references=[2])),
        groups=[group(1), group(2.0, npi=OTHER_NPI, tin=OTHER_TIN)],
    )
    file = imported(tmp_path, content)
    found = file.price(ASKED)
    assert found is not None
    assert found.cents == 4850
    assert found.source.startswith("Example Health, as of 2026-02-01: rates.json (SHA-256 ")
    assert cents(file, npi=int(OTHER_NPI)) == 6000
    assert cents(file, npi=1003000134) is None


def test_groups_may_stand_behind_the_rates_or_in_them(tmp_path: Path) -> None:
    content = in_network(entry("97810", rate(), inline_rate({"negotiated_rate": 60}, npi=OTHER_NPI)))
    content["provider_references"] = content.pop("provider_references")
    file = imported(tmp_path, content)
    assert (cents(file), cents(file, npi=int(OTHER_NPI))) == (4850, 6000)


def test_a_code_that_stands_behind_its_rates_decides_about_them(tmp_path: Path) -> None:
    """The first entry's code is not wanted, the second's is; neither is known before its rates."""
    found = []
    for code, amount in (("T1000", 60), ("97810", 48.5)):
        content = entry(code, rate({"negotiated_rate": amount}))
        found.append({"negotiated_rates": content.pop("negotiated_rates")} | content)
    assert cents(imported(tmp_path, in_network(*found))) == 4850


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, 4850),
        ({"fees": "other-fees"}, None),
        ({"tier": "out_of_network"}, None),
        ({"code": "97811"}, None),
        ({"tin": 123456789}, 4850),
        ({"tin": 987654321}, None),
        ({"npi": 0, "tin": 123456789}, 4850),
    ],
)
def test_the_price_is_of_fees_tier_code_and_provider(tmp_path: Path, asked: dict[str, object], expected: int) -> None:
    assert cents(imported(tmp_path, in_network(entry("97810"))), **asked) == expected


def test_a_contract_of_a_tax_number_holds_for_all_its_providers_if_it_is_named(tmp_path: Path) -> None:
    content = in_network(entry("97810"), groups=[group(npi="0")])
    file = imported(tmp_path, content)
    assert cents(file) is None
    assert cents(file, tin=123456789) == 4850


@pytest.mark.parametrize(
    ("day", "expected"), [(date(2026, 6, 30), 4850), (date(2026, 7, 1), None), (date(2027, 1, 1), None)]
)
def test_a_price_ends_after_its_last_day(tmp_path: Path, day: date, expected: int | None) -> None:
    file = imported(tmp_path, in_network(entry("97810", rate({"expiration_date": "2026-06-30"}))))
    assert cents(file, day=day) == expected


def test_prices_of_a_setting_go_before_those_of_every_one(tmp_path: Path) -> None:
    """48.50 anywhere, 30.00 in a hospital's outpatients (place of service 22)."""
    content = in_network(entry("97810", rate({}, {"service_code": ["22"], "negotiated_rate": 30})))
    file = imported(tmp_path, content)
    assert cents(file) == 4850
    assert cents(file, setting=Setting.OUTPATIENT_HOSPITAL) == 3000


@pytest.mark.parametrize(
    ("billed", "expected"), [((), 4850), (("GP",), 4850), (("AT",), 3000), (("AT", "GP"), 2800), (("AT", "59"), 3000)]
)
def test_the_price_with_the_most_modifiers_that_are_billed_stands(
    tmp_path: Path, billed: tuple[str, ...], expected: int
) -> None:
    prices: tuple[Json, ...] = (
        {},
        {"billing_code_modifier": ["AT"], "negotiated_rate": 30},
        {"billing_code_modifier": ["GP", "AT"], "negotiated_rate": 28},
    )
    file = imported(tmp_path, in_network(entry("97810", rate(*prices))))
    assert cents(file, modifiers=frozenset(billed)) == expected


@pytest.mark.parametrize(("which", "expected"), [(None, None), ("lowest", 4000), ("middle", 4850), ("highest", 6000)])
def test_of_several_prices_one_stands_if_the_import_says_which(
    tmp_path: Path, which: str | None, expected: int | None
) -> None:
    """40.00, 48.50 and 60.00 of one provider, from three groups."""
    rates = [rate({"negotiated_rate": each}, references=[place]) for place, each in enumerate((40, 48.5, 60))]
    content = in_network(entry("97810", *rates), groups=[group(place) for place in range(3)])
    words = ["--of-several", which] if which else []
    assert cents(imported(tmp_path, content, *words)) == expected


def test_the_same_amount_twice_is_one_price(tmp_path: Path) -> None:
    content = in_network(entry("97810", rate(), rate(references=[2])), groups=[group(1), group(2)])
    assert cents(imported(tmp_path, content)) == 4850


def test_a_fee_schedule_goes_before_what_was_negotiated(tmp_path: Path) -> None:
    content = in_network(entry("97810", rate({}, {"negotiated_type": "fee schedule", "negotiated_rate": 41.25})))
    assert cents(imported(tmp_path, content)) == 4125


def test_a_network_can_be_chosen(tmp_path: Path) -> None:
    """The provider has 48.50 in the one network and 60.00 in the other; the one name is given in other letters."""
    content = in_network(
        entry("97810", rate(), rate({"negotiated_rate": 60}, references=[2])), groups=[group(1), group(2, "Other")]
    )
    assert cents(imported(tmp_path, content)) is None
    assert cents(imported(tmp_path, content, "--network", NETWORK.upper())) == 4850
    assert cents(imported(tmp_path, content, "--network", "other")) == 6000


def test_amounts_allowed_outside_are_of_their_own_tier(tmp_path: Path) -> None:
    """40.00 to the one, 35.55 to the other; the place of service is an office."""
    outside = {key: each for key, each in in_network().items() if key not in {"in_network", "provider_references"}}
    outside["out_of_network"] = [allowed("97810", payment(40), payment(35.55, npi=OTHER_NPI))]
    file = imported(tmp_path, in_network(entry("97810")), outside=outside)
    assert cents(file) == 4850
    assert cents(file, tier="out_of_network") == 4000
    assert cents(file, tier="out_of_network", npi=int(OTHER_NPI)) == 3555
    assert cents(file, tier="out_of_network", setting=Setting.HOME) is None
    assert [(each.heading.tier, each.prices, each.providers) for each in file.files] == [
        ("in_network", 1, 1),
        ("out_of_network", 2, 2),
    ]


def test_threads_share_a_file(tmp_path: Path) -> None:
    file = imported(tmp_path, in_network(entry("97810")))
    found: list[PublishedPrice | None] = []
    threads = [threading.Thread(target=lambda: found.append(file.price(ASKED))) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [each and each.cents for each in found] == [Cents(4850)] * 8


def test_show_lists_files_and_the_prices_of_a_provider(tmp_path: Path) -> None:
    prices: tuple[Json, ...] = (
        {},
        {"billing_code_modifier": "AT", "negotiated_rate": 30, "service_code": ["11", "12"]},
    )
    imported(tmp_path, in_network(entry("97810", rate(*prices)), entry("98940")))
    status, told, errors = prices_of("show", tmp_path / "prices.sqlite")
    assert (status, errors) == (0, "")
    assert told.startswith(
        "rates.json: 3 prices of 1 provider for in_network, before the fee file fees\n  Example Health"
    )
    expected = (
        "97810  $48.50  in_network, every setting, up to 9999-12-31, rates.json\n"
        "97810-AT  $30.00  in_network, home, office, up to 9999-12-31, rates.json\n"
        "98940  $48.50  in_network, every setting, up to 9999-12-31, rates.json\n"
    )
    assert prices_of("show", tmp_path / "prices.sqlite", "--npi", NPI) == (0, expected, "")
    assert prices_of("show", tmp_path / "prices.sqlite", "--tin", TIN) == (0, expected, "")
    assert prices_of("show", tmp_path / "prices.sqlite", "--npi", OTHER_NPI) == (1, "", "no prices of this provider\n")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--npi", "1234567890"], "--npi '1234567890': expected an NPI of ten digits, of which the last is its check"),
        (["--tin", "1234567890"], "--tin '1234567890': expected nine digits, or an NPI in their place"),
        (["--tin", "00-0000000"], "--tin '00-0000000': expected nine digits, or an NPI in their place"),
        (["--npi", "12345"], "--npi '12345': expected an NPI of ten digits"),
        (["--tin", "12-34"], "--tin '12-34': expected nine digits, or an NPI in their place"),
    ],
)
def test_numbers_of_another_form_are_refused(tmp_path: Path, words: list[str], expected: str) -> None:
    imported(tmp_path, in_network(entry("97810")))
    status, told, errors = prices_of("show", tmp_path / "prices.sqlite", *words)
    assert (status, told) == (2, "")
    assert errors.startswith(expected)


def test_what_cannot_be_read_is_told_and_the_rest_is_written(tmp_path: Path) -> None:
    content = in_network(
        entry("97810", rate({}, {"negotiated_type": "percentage"}, {"billing_code_modifier": ["left"]})),
        entry("97811", rate({"billing_class": "institutional"})),
        groups=[group(), {"provider_group_id": 9, "location": "https://payer.example/9.json"}],
    )
    path, output = saved(tmp_path / "rates.json", content), tmp_path / "prices.sqlite"
    status, told, errors = prices_of("import", "--id", "fees", "-o", output, "--in-network", path)
    assert status == 1
    assert told == (
        "rates.json: 1 price of 1 provider for in_network\n"
        "  Left out, prices of institutions: 97811 (1).\n"
        f"{output}: 3 parts of the files could not be read\n"
    )
    place = "rates.json: 97810, in_network 1, rate 1, price"
    groups = "groups in another file; expected groups of providers within the file"
    dollars = "a price in dollars: negotiated, or fee schedule"
    modifiers = "a list of modifiers of two letters or digits such as AT"
    assert errors.splitlines() == [
        f"rates.json: provider_references 2: found {groups}",
        f"{place} 2: found the negotiated type 'percentage'; expected {dollars}",
        f"{place} 3: found the modifiers ['left']; expected {modifiers}",
    ]
    assert cents(PriceFile(output)) == 4850


@pytest.mark.parametrize(
    ("content", "words", "expected"),
    [
        (in_network(entry("97810")), ["--plan-id", "1"], "found no plan_id; expected the plan '1'"),
        (
            in_network(entry("T1000")),
            [],
            "Codes that are not in the catalog, of 1 in all: T1000.\nno price could be read; nothing is written",
        ),
        (in_network(entry("97810")), ["--network", "x"], "Other networks of the file: Example Choice."),
        ({"x": 1}, [], "found no list in_network; expected a file of negotiated rates\nnothing is written"),
        (in_network(entry("97810")), ["--tier", "A b"], "--tier 'A b': expected a tier such as in_network"),
        (in_network(entry("97810")), ["--outside-tier", "in_network"], "expected another tier than --tier"),
        (in_network(entry("97810")), ["--id", "X"], "--id 'X': expected an id such as medicare-advantage-fees"),
    ],
)
def test_files_and_options_that_give_nothing_write_nothing(
    tmp_path: Path, content: Json, words: list[str], expected: str
) -> None:
    path = saved(tmp_path / "rates.json", content)
    status, _, errors = prices_of(
        "import", "--id", "fees", "-o", tmp_path / "prices.sqlite", "--in-network", path, *words
    )
    assert status == 2
    assert expected in errors
    assert [each.name for each in tmp_path.iterdir()] == ["rates.json"]


def test_one_of_the_files_is_needed(tmp_path: Path) -> None:
    expected = "expected --in-network, --allowed-amounts or both\n"
    assert prices_of("import", "--id", "fees", "-o", tmp_path / "prices.sqlite") == (2, "", expected)


def test_only_a_file_of_prices_is_replaced_and_only_if_asked(tmp_path: Path) -> None:
    path, output = saved(tmp_path / "rates.json", in_network(entry("97810"))), tmp_path / "prices.sqlite"
    words = ("import", "--id", "fees", "-o", output, "--in-network", path)
    output.write_text("a letter")
    assert prices_of(*words) == (2, "", f"{output} is there already; give --replace to replace it\n")
    assert prices_of(*words, "--replace")[0] == 2
    assert output.read_text() == "a letter"
    output.unlink()
    assert prices_of(*words)[0] == 0
    before = PriceFile(output)
    saved(path, in_network(entry("97810", rate({"negotiated_rate": 60}))))
    assert prices_of(*words, "--replace")[0] == 0
    assert (cents(before), cents(PriceFile(output))) == (4850, 6000)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    path, output = saved(tmp_path / "rates.json", in_network(entry("97810"))), tmp_path / "none" / "prices.sqlite"
    status, _, errors = prices_of("import", "--id", "fees", "-o", output, "--in-network", path)
    assert status == 2
    assert errors == f"{output}: cannot be written (unable to open database file)\n"


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ((), "another database"),
        (("PRAGMA application_id = 1128353104", "PRAGMA user_version = 2"), "prices of version 2"),
        (("PRAGMA application_id = 1128353104", "PRAGMA user_version = 1"), "no prices (no such table: files)"),
    ],
)
def test_another_database_is_no_file_of_prices(tmp_path: Path, statements: tuple[str, ...], expected: str) -> None:
    path = tmp_path / "other.sqlite"
    connection = sqlite3.connect(path)
    for each in ("CREATE TABLE x (y)", *statements):
        connection.execute(each)
    connection.close()
    with pytest.raises(UnusablePrices) as caught:
        PriceFile(path)
    assert str(caught.value) == f"{path}: found {expected}; expected a file of `camcover prices import`"


def test_a_file_that_is_closed_cannot_be_asked(tmp_path: Path) -> None:
    file = imported(tmp_path, in_network(entry("97810")))
    file.close()
    with pytest.raises(StoreUnavailable, match="the file of prices cannot be read"):
        file.price(ASKED)


def test_what_is_no_provider_is_passed_over(tmp_path: Path) -> None:
    """One right NPI among an NPI of nine digits, a truth value, and a group that is none; the tax number is unknown."""
    odd = group()
    odd["provider_groups"] = [providers() | {"npi": [123456789, True, int(NPI)], "tin": {"value": "n/a"}}, 7]
    file = imported(tmp_path, in_network(entry("97810"), groups=[odd]))
    assert (cents(file), cents(file, npi=0, tin=123456789), file.files[0].providers) == (4850, None, 1)
