"""`camcover rules publish` and what follows, `db`, `audit` and `token`: what staff type, on both databases."""

from __future__ import annotations

import asyncio
import getpass
import json
import time
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from sqlalchemy import text

from camcover.api.answering import Answering
from camcover.api.callers import read_callers
from camcover.gen.camcover.v1 import request_pb2
from camcover.store import Database, KeptEstimates, ReleaseStore, open_database
from camcover.store.schema import HEAD
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce
from databases import new_postgresql_database
from small_rules import COPAY_PLAN, estimate_in, question

Command = Callable[..., Any]


@pytest.fixture
def staff(run: Any, url: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command on the database as ana; what it is told with `--as` goes before."""
    monkeypatch.setenv("CAMCOVER_DATABASE_URL", url)
    monkeypatch.setenv("CAMCOVER_USER", "ana")
    return run  # type: ignore[no-any-return]


def changed(rules: Path, copay: str) -> Path:
    """The small rules with another copay."""
    (rules / "copay.yaml").write_text(COPAY_PLAN.replace("copay: $20", f"copay: {copay}"), encoding="utf-8")
    return rules


def ids(staff: Command) -> list[str]:
    """The ids of all releases, oldest first."""
    return [each["id"] for each in reversed(json.loads(staff("rules", "list", "--format", "json").stdout))]


@pytest.fixture
def two(staff: Command, rules: Path) -> list[str]:
    """The ids of two releases whose copays are 20 and 30 dollars."""
    for copay in ("$20", "$30"):
        done = staff("rules", "publish", changed(rules, copay), "-m", f"copay {copay}")
        assert done.exit_code == 0, done.stderr
        assert done.stdout.startswith("published rules-")
    return ids(staff)


def test_publish_activate_and_roll_back(staff: Command, two: list[str]) -> None:
    first, second = two
    assert staff("rules", "activate", first).stdout == f"active: {first} (activation 1)\n"
    said = staff("rules", "activate", "latest", "--reason", "agreed", "--as", "bob", "--expect", first)
    assert said.stdout == f"active: {second}, in place of {first} (activation 2)\n"
    shown = staff("rules", "show").stdout
    assert shown.startswith(f"{second}\n  published ")
    assert "by ana: copay $30\n" in shown
    assert " by bob: agreed\n" in shown
    assert "  copay.yaml (" in shown
    assert staff("rules", "rollback").stdout == f"active: {first}, in place of {second} (activation 3)\n"
    listed = json.loads(staff("rules", "list", "--format", "json").stdout)
    assert [(each["id"], each["active"]) for each in listed] == [(second, False), (first, True)]
    history = json.loads(staff("rules", "history", "--format", "json").stdout)
    assert [(each["kind"], each["actor"], each["reason"]) for each in history] == [
        ("activate", "ana", "copay $20"),
        ("activate", "bob", "agreed"),
        ("rollback", "ana", "rolled back"),
    ]
    assert "active" in staff("rules", "list").stdout
    assert "rollback" in staff("rules", "history").stdout


def test_what_is_wrong_is_not_published(staff: Command, rules: Path) -> None:
    refused = staff("rules", "publish", changed(rules, "$2O"), "-m", "wrong")
    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"{rules / 'copay.yaml'}:18:40: ")
    assert ids(staff) == []
    assert staff("rules", "publish", changed(rules, "$20"), "-m", " ").exit_code == 2


def test_published_again(staff: Command, two: list[str], rules: Path) -> None:
    again = staff("rules", "publish", rules, "-m", "again", "--as", "bob")
    assert again.exit_code == 0
    assert again.stdout.startswith("was published before, by ana on ")
    assert ids(staff) == two


def test_exported_to_the_byte(staff: Command, two: list[str], rules: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert staff("rules", "export", two[1], folder).stdout == f"{folder}: 4 files of {two[1]}\n"
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        file.name: file.read_bytes() for file in rules.iterdir()
    }
    full = staff("rules", "export", two[0], folder)
    assert (full.exit_code, full.stderr) == (2, f"{folder}: not empty; expected a new or empty folder\n")
    blocked = staff("rules", "export", two[0], folder / "copay.yaml" / "below")
    assert blocked.exit_code == 1


def test_scheduled_and_called_off(staff: Command, two: list[str]) -> None:
    staff("rules", "activate", two[0])
    at = (datetime.now().astimezone() + timedelta(days=1)).replace(microsecond=0)
    said = staff("rules", "activate", two[1], "--at", at.isoformat()).stdout
    assert said.startswith(f"scheduled: {two[1]} from ")
    assert said.endswith(" UTC (activation 2)\n")
    assert staff("rules", "show").stdout.startswith(two[0])
    assert staff("rules", "cancel", "2").stdout.startswith(f"called off: activation 2 of {two[1]} on ")
    assert "called off for" in staff("rules", "show", two[1]).stdout
    twice = staff("rules", "cancel", "2")
    assert (twice.exit_code, twice.stderr) == (1, "activation 2 has already been called off\n")
    for wrong, said in (("tomorrow", "expected a time"), ("2020-01-01T00:00+00:00", "is in the past")):
        refused = staff("rules", "activate", two[1], "--at", wrong)
        assert refused.exit_code == 2
        assert said in refused.stderr


@pytest.fixture
def los_angeles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock of Los Angeles by its rule, so that the machine needs no table of zones: forward in March."""
    monkeypatch.setenv("TZ", "PST8PDT,M3.2.0,M11.1.0")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


TIMES = [
    ("2999-01-01T00:00", "2999-01-01 08:00:00", "2999-01-01 00:00:00-08:00"),
    ("2999-01-01T00:00-08:00", "2999-01-01 08:00:00", "2999-01-01 00:00:00-08:00"),
    ("2999-07-01T00:00", "2999-07-01 07:00:00", "2999-07-01 00:00:00-07:00"),
    ("2999-01-01T09:00+01:00", "2999-01-01 08:00:00", "2999-01-01 09:00:00+01:00"),
    ("2999-01-01T00:00Z", "2999-01-01 00:00:00", ""),
    ("2999-01-01", "2999-01-01 08:00:00", "2999-01-01 00:00:00-08:00"),
    ("2037-03-08T02:30-08:00", "2037-03-08 10:30:00", "2037-03-08 02:30:00-08:00"),
    ("2037-11-01T01:30-08:00", "2037-11-01 09:30:00", "2037-11-01 01:30:00-08:00"),
    ("2037-11-01T01:30-07:00", "2037-11-01 08:30:00", "2037-11-01 01:30:00-07:00"),
    ("2037-03-08T03:00", "2037-03-08 10:00:00", "2037-03-08 03:00:00-07:00"),
    ("2037-11-01T02:00", "2037-11-01 10:00:00", "2037-11-01 02:00:00-08:00"),
]
"""As given, in UTC, and as shown behind that. Los Angeles is 8 hours behind UTC, 7 in summer."""


@pytest.mark.usefixtures("los_angeles")
def test_a_time_is_shown_in_utc_and_as_it_was_given(staff: Command, two: list[str]) -> None:
    """Where it is scheduled, in the history, of the release and where it is called off; the database holds it so."""
    for number, (given, utc, shown) in enumerate(TIMES, start=1):
        said = staff("rules", "activate", two[0], "--at", given)
        behind = f" ({shown})" if shown else ""
        assert said.stdout == f"scheduled: {two[0]} from {utc} UTC{behind} (activation {number})\n", said.stderr
        kept = {each["id"]: each for each in json.loads(staff("rules", "history", "--format", "json").stdout)}
        assert kept[number]["effective_at"] == f"{utc.replace(' ', 'T')}+00:00"
        assert f"activated {utc} UTC by ana" in staff("rules", "show", two[0]).stdout
        assert staff("rules", "cancel", number).stdout.endswith(f" on {utc} UTC\n")
    history = staff("rules", "history").stdout
    assert all(f"{utc} UTC" in history for _, utc, _ in TIMES)


@pytest.mark.usefixtures("los_angeles")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("2020-01-01T00:00", "2020-01-01 08:00:00 UTC (2020-01-01 00:00:00-08:00) is in the past"),
        ("2020-01-01T00:00-05:00", "2020-01-01 05:00:00 UTC (2020-01-01 00:00:00-05:00) is in the past"),
        ("2037-03-08T02:00", "2037-03-08T02:00 does not exist in this time zone, because clocks are set forward"),
        ("2037-03-08T02:30", "2037-03-08T02:30 does not exist in this time zone, because clocks are set forward"),
        ("2037-03-08T02:59:59", "does not exist in this time zone"),
        ("2037-11-01T01:00", "occurs twice in this time zone"),
        ("2037-11-01T01:30", "expected 2037-11-01T01:30:00-07:00 or 2037-11-01T01:30:00-08:00"),
        ("2037-11-01T01:59:59", "occurs twice in this time zone"),
        ("9999-12-31T23:59", "expected a time such as"),
        ("0001-01-01T00:00", "expected a time such as"),
        ("tomorrow", "expected a time such as"),
    ],
)
def test_a_time_that_is_past_or_no_single_instant_is_refused(given: str, said: str, run: Any) -> None:
    refused = run("rules", "activate", "latest", "--as", "ana", "--at", given)
    assert refused.exit_code == 2
    assert said in " ".join(refused.stderr.replace("│", " ").split())


def test_four_eyes(staff: Command, two: list[str]) -> None:
    assert staff("rules", "four-eyes", "on").stdout == "four eyes: on\n"
    own = staff("rules", "activate", two[0])
    assert (own.exit_code, own.stderr) == (1, f"ana published {two[0]}; another person must activate it\n")
    assert staff("rules", "activate", two[0], "--as", "bob").exit_code == 0
    asked = "four eyes: on, until somebody else says off, too\n"
    assert staff("rules", "four-eyes", "off").stdout == asked
    alone = staff("rules", "four-eyes", "off")
    assert (alone.exit_code, alone.stderr) == (1, "ana asked to switch four eyes off; somebody else has to agree\n")
    assert staff("rules", "activate", two[1]).exit_code == 1
    assert staff("rules", "four-eyes", "off", "--as", "bob").stdout == "four eyes: off\n"
    assert staff("rules", "activate", two[1]).exit_code == 0
    assert staff("audit", "verify").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("activate", "rules-0"), "no release 'rules-0'; did you mean"),
        (("show", "active"), "no release of the rules is active"),
        (("rollback",), "no release was active before the present one"),
        (("export", "nothing", "nowhere"), "no release 'nothing'"),
        (("cancel", "7"), "no activation '7'"),
    ],
)
def test_what_is_not_there(staff: Command, two: list[str], arguments: tuple[str, ...], said: str) -> None:
    refused = staff("rules", *arguments)
    assert refused.exit_code == 1
    assert said in refused.stderr
    assert len(two) == 2


def test_a_missing_rules_folder_is_refused(staff: Command, rules: Path, tmp_path: Path) -> None:
    """Looking for a release makes no database where there is none."""
    for source, said in (
        (
            "active",
            "active: no such file or folder, and no release of the rules is active; publish one and activate it",
        ),
        ("rules-0", "rules-0: no such file or folder, and no release 'rules-0'"),
        ("no/where", "no/where: no such file, folder or release"),
    ):
        refused = staff("rules", "diff", source, rules)
        assert (refused.exit_code, refused.stderr) == (2, f"{said}\n")
    none = tmp_path / "none.sqlite"
    refused = staff("rules", "diff", "active", rules, "--database-url", f"sqlite:///{none}")
    assert (refused.exit_code, none.exists()) == (2, False)


def test_differences_between_releases_and_files(staff: Command, two: list[str], rules: Path) -> None:
    between = staff("rules", "diff", *two)
    assert "hands, in network: copay 20.00 -> 30.00" in between.stdout
    assert "copay 30.00 -> 45.00" in staff("rules", "diff", "latest", changed(rules, "$45")).stdout


def test_the_audit_log_is_shown_and_verified(staff: Command, two: list[str], url: str) -> None:
    staff("rules", "activate", two[0])
    entries = [json.loads(line) for line in staff("audit", "log").stdout.splitlines()]
    assert [(each["seq"], each["action"], each["actor"]) for each in entries] == [
        (1, "publish", "ana"),
        (2, "publish", "ana"),
        (3, "activate", "ana"),
    ]
    assert len(staff("audit", "log", "--after", "2").stdout.splitlines()) == 1
    good = staff("audit", "verify", "--known", entries[0]["hash"])
    assert (good.exit_code, good.stdout.splitlines()) == (
        0,
        [
            f"3 entries, as they were written; last hash {entries[2]['hash']}",
            "as the log records: 2 releases with files and compiled rules, 1 decisions, 0 settings, 0 drafts",
            "not checked: changes of estimates",
        ],
    )
    assert "(use --known HASH)" in staff("audit", "verify").stdout
    database = Database(url)
    with database.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_update" + ("" if database.is_sqlite else " ON audit")))
        connection.execute(text("UPDATE audit SET actor = 'mallory' WHERE seq = 1"))
    database.close()
    bad = staff("audit", "verify")
    assert bad.exit_code == 1
    assert bad.stderr.startswith("entry 1 was changed after it was written on ")


def test_upgrade_status_and_downgrade(run: Any, empty_url: str) -> None:
    where = ("--database-url", empty_url)
    before = run("db", "status", *where)
    assert (before.exit_code, before.stdout) == (1, f"found no tables; this version needs {HEAD}\n")
    assert run("db", "upgrade", *where).stdout == f"no tables -> {HEAD}\n"
    assert run("db", "upgrade", *where).stdout == f"{HEAD} -> {HEAD}\n"
    assert run("db", "status", *where).exit_code == 0
    assert run("db", "downgrade", "base", *where).exit_code == 2
    assert run("db", "downgrade", "0001", "--yes", *where).stdout == f"{HEAD} -> 0001\n"
    unknown = run("db", "downgrade", "7", "--yes", *where)
    assert unknown.exit_code == 1
    assert "7" in unknown.stderr


def test_postgresql_asks_to_be_upgraded(run: Any, postgresql: str) -> None:
    refused = run("rules", "list", "--database-url", new_postgresql_database(postgresql))
    assert refused.exit_code == 1
    assert f"has no tables yet; this version needs {HEAD}; run `camcover db upgrade`" in refused.stderr


def test_a_malformed_database_url_is_refused(run: Any) -> None:
    for command in (("rules", "list"), ("db", "status"), ("db", "upgrade")):
        refused = run(*command, "--database-url", "nonsense")
        assert refused.exit_code == 1
        assert "not a database URL" in refused.stderr


def test_a_password_is_not_shown(run: Any) -> None:
    refused = run("rules", "list", "--database-url", "postgresql+psycopg://ana:secret@127.0.0.1:1/none")
    assert refused.exit_code == 1
    assert "127.0.0.1:1/none" in refused.stderr
    assert "secret" not in refused.stderr


def test_prune(staff: Command) -> None:
    assert staff("db", "prune", "--older-than", "30d").stdout == "taken out: 0 estimates, 0 request ids\n"
    wrong = staff("db", "prune", "--older-than", "soon")
    assert wrong.exit_code == 2
    assert "expected an age such as 400d, 60w or 2y" in " ".join(wrong.stderr.replace("│", " ").split())


def test_a_token_for_the_file(run: Any, tmp_path: Path) -> None:
    made = run("token", "ana@payer.example", "--role", "rules.write", "--role", "estimate")
    assert made.exit_code == 0
    (entry,) = tomllib.loads(made.stdout)["token"]
    assert (entry["subject"], entry["roles"]) == ("ana@payer.example", ["rules.write", "estimate"])
    secret = made.stderr.strip().rpartition(" ")[2]
    assert secret not in made.stdout
    file = tmp_path / "tokens.toml"
    file.write_text(made.stdout + run("token", "bob", "--role", "estimate").stdout, encoding="utf-8")
    assert [each.subject for each in read_callers(file).tokens.values()] == ["ana@payer.example", "bob"]
    limited = run("token", "cy", "--role", "rules.write", "--payer", "one", "--payer", "two", "--payer", "one").stdout
    file.write_text(limited, encoding="utf-8")
    assert [each.payers for each in read_callers(file).tokens.values()] == [frozenset({"one", "two"})]
    assert run("token", " ", "--role", "estimate").exit_code == 2
    assert run("token", "ana", "--role", "boss").exit_code == 2


def test_a_token_with_an_end(run: Any, tmp_path: Path) -> None:
    """By an age, or by a time with its zone; the file of tokens takes what is printed."""
    file = tmp_path / "tokens.toml"
    by_age = run("token", "ana", "--role", "estimate", "--expires", "90d").stdout
    by_time = run("token", "bob", "--role", "estimate", "--expires", "2999-12-31T18:00:00+01:00").stdout
    file.write_text(by_age + by_time, encoding="utf-8")
    ana, bob = read_callers(file).tokens.values()
    assert bob.expires == datetime(2999, 12, 31, 17, tzinfo=UTC)
    assert ana.expires is not None
    assert timedelta(days=89) < ana.expires - datetime.now(UTC) <= timedelta(days=90)
    for wrong, said in (
        ("2020-01-01", "is in the past"),
        ("soon", "expected a time such as"),
        ("0d", "expected a time such"),
    ):
        refused = run("token", "ana", "--role", "estimate", "--expires", wrong)
        assert (refused.exit_code, said in refused.stderr) == (2, True)


def test_the_user_of_the_machine_acts_where_nobody_is_named(
    run: Any, url: str, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CAMCOVER_USER", raising=False)
    monkeypatch.setenv("LOGNAME", "carol")
    run("rules", "publish", rules, "-m", "x", "--database-url", url)
    listed = json.loads(run("rules", "list", "--format", "json", "--database-url", url).stdout)
    assert [each["author"] for each in listed] == ["carol"]


def test_a_user_without_a_name(run: Any, url: str, rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose user is a number alone."""

    def nobody() -> str:
        raise OSError("no such user")

    monkeypatch.delenv("CAMCOVER_USER", raising=False)
    monkeypatch.setattr(getpass, "getuser", nobody)
    refused = run("rules", "publish", rules, "-m", "x", "--database-url", url)
    assert refused.exit_code == 2
    assert "give it with --as NAME" in " ".join(refused.stderr.replace("│", " ").split())


def test_an_estimate_is_computed_again_by_its_own_release(
    staff: Command, two: list[str], url: str, ask: request_pb2.EstimatePlanRequest
) -> None:
    """Three visits of 20.00 then; the second release, which is active now, would make them 30.00. The id has ended."""
    database = open_database(url)
    releases = ReleaseRules(ReleaseStore(database))
    answering = Answering(RulesInForce(releases.tables(two[0]), releases), KeptEstimates(database))
    ask.request_id = "one"
    estimate = estimate_in(asyncio.run(answering.one(ask)))
    staff("rules", "activate", two[1])
    again = staff("reproduce", estimate.name, "--format", "json")
    assert (again.exit_code, json.loads(again.stdout)["totals"]["patient_cents"]) == (0, 6000)
    assert again.stderr.startswith("the same to the byte as on ")
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM idempotency_keys"))
    assert "You pay $60.00 of $240.00" in staff("reproduce", estimate.name).stdout
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE estimates SET body_digest = body"))
    other = staff("reproduce", estimate.name)
    assert (other.exit_code, other.stdout) == (1, "")
    assert "computes another result than the one kept" in other.stderr
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE estimates SET request = NULL"))
    assert "only its hashes were kept, not its request" in staff("reproduce", estimate.name).stderr
    KeptEstimates(database).erase(estimate.name, "anyone")
    assert f"{estimate.name} was erased on 20" in staff("reproduce", estimate.name).stderr
    unknown = staff("reproduce", "estimates/none")
    assert (unknown.exit_code, unknown.stderr) == (1, "no estimate 'estimates/none'\n")
    database.close()


@pytest.fixture
def ask() -> request_pb2.EstimatePlanRequest:
    """Three visits under the copay plan."""
    fields = question(plan_id="copay-plan", members=[{"id": "ana"}])
    return json_format.ParseDict(fields, request_pb2.EstimatePlanRequest())
