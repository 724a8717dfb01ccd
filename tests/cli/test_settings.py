"""Settings of `serve` by flag, environment and file: which counts, what is wrong with a file, what is shown."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from camcover.cli import app
from camcover.cli.configuring import unknown_variables
from camcover.cli.settings import WrongSettings, declared_settings, read_settings, variable_of

SECRET = "hunter2"  # noqa: S105 - what no output may hold
SERVE: Any = get_command(app).commands["serve"]  # type: ignore[attr-defined]


def ran(*words: object, **environment: str) -> tuple[int, str]:
    """The status of a command, and what it prints; of settings in the environment there are those given alone."""
    others = {name: None for name in os.environ if name.startswith("CAMCOVER_")}
    done = CliRunner().invoke(app, [str(each) for each in words], env={**others, **environment})
    return done.exit_code, done.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "camcover.toml"


def test_a_flag_counts_before_the_environment_that_before_the_file_that_before_the_default(file: Path) -> None:
    file.write_text("workers = 2\nmax-calls = 2\nmax-streams = 2\n", encoding="utf-8")
    environment = {"CAMCOVER_WORKERS": "3", "CAMCOVER_MAX_CALLS": "3"}
    status, told = ran("config", "show", file, "--workers", "4", **environment)
    assert status == 0
    lines = told.splitlines()
    assert "workers = 4  # flag" in lines
    assert "max-calls = 3  # environment CAMCOVER_MAX_CALLS" in lines
    assert "max-streams = 2  # file" in lines
    assert "burst-per-caller = 100  # default" in lines
    assert "# tokens is not set" in lines


def test_every_setting_has_its_variable_and_none_two(file: Path) -> None:
    variables = [option.envvar for option in declared_settings(SERVE).values()]
    assert variables == [variable_of(key) for key in declared_settings(SERVE)]
    assert len(set(variables)) == len(variables) > 30
    file.write_text("", encoding="utf-8")
    assert "max-calls = 7  # environment" in ran("config", "show", CAMCOVER_CONFIG=str(file), CAMCOVER_MAX_CALLS="7")[1]


def test_what_is_shown_is_a_file_of_the_same_settings(file: Path, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    given = {
        "rules": [str(tmp_path / "rules")],
        "oidc-scope": ["a=estimate", 'quote"=rules.read'],
        "insecure": True,
        "reflection": False,
        "keep": "hashes",
        "max-rate-per-caller": 2,
    }
    file.write_text("\n".join(f"{key} = {written(value)}" for key, value in given.items()), encoding="utf-8")
    first = ran("config", "show", file)[1]
    assert given.items() <= tomllib.loads(first).items()
    file.write_text(first, encoding="utf-8")
    again = ran("config", "show", file)[1]
    assert tomllib.loads(again) == tomllib.loads(first)


def written(value: Any) -> str:
    """A value as TOML."""
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def refusal_of(file: Path) -> str:
    """What is said of a file of settings."""
    with pytest.raises(WrongSettings) as refused:
        read_settings(file, typer.Context(SERVE))
    return str(refused.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("max-call = 3", "max-call: not a setting; did you mean 'max-calls'"),
        ("max_calls = 3", "max_calls: not a setting; did you mean 'max-calls'"),
        ("config = 'x'", "config: not a setting"),
        ("nothing-like-it-at-all = 3", "`camcover config show` lists them"),
        ("max-calls = '5'", "max-calls: expected a whole number"),
        ("max-calls = true", "max-calls: expected a whole number"),
        ("max-calls = 1.5", "max-calls: expected a whole number"),
        ("drain-seconds = 'long'", "drain-seconds: expected a number"),
        ("insecure = 1", "insecure: expected true or false"),
        ("workers = 0", "workers: found 0; expected 1 or more"),
        ("workers = 1000", "workers: found 1000; expected 256 or less"),
        ("keep = 'hash'", "keep: 'hash' is not one of 'full', 'hashes', 'off'"),
        ("rules = '/nowhere'", "rules: expected a list"),
        ("rules = ['/nowhere']", "rules: path '/nowhere' does not exist"),
        ("listen = ['a']", "listen: expected one value"),
        ("oidc-algorithm = ['HS256']", "'HS256' is not one of"),
        ("database-url = 5", "database-url: expected a text in quotes"),
        ("tokens = 2026-01-01", "tokens: expected a text in quotes"),
        ("[server]", "server: expected settings without tables"),
    ],
)
def test_a_fault_is_told_with_its_line(file: Path, line: str, said: str) -> None:
    file.write_text(f"# the second line is wrong\n{line}\n", encoding="utf-8")
    told = refusal_of(file)
    assert told.startswith(f"{file}:2: "), told
    assert said in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"listen = \n", ":1:10: Invalid value"),
        (b"workers = 1\nworkers = 2\n", ":2:12: Cannot overwrite a value"),
        (b"listen = '''\n", ":1:1: Expected"),
        (b"listen = '\xff'\n", ": expected UTF-8"),
    ],
)
def test_a_file_that_is_no_toml(file: Path, text: bytes, said: str) -> None:
    file.write_bytes(text)
    assert refusal_of(file).startswith(f"{file}{said}")


def test_all_faults_are_told_at_once_by_serve_as_well_and_none_tells_a_password(file: Path) -> None:
    url = f"postgresql+psycopg://me:{SECRET}@db/camcover"
    file.write_text(f"database-url = '{url}'\nworker = 2\ndatabase-urls = '{url}'\nmax-calls = 0\n", encoding="utf-8")
    for words in (("serve", "--config", file), ("config", "check", file), ("config", "show", file)):
        status, told = ran(*words)
        assert status == 1
        assert [line.split(":")[1] for line in told.splitlines()] == ["2", "3", "4"]
        assert SECRET not in told


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert ran("config", "check", tmp_path / "none.toml") == (
        1,
        f"{tmp_path / 'none.toml'}: No such file or directory\n",
    )


def test_settings_that_do_not_go_together_are_refused_wherever_they_come_from(file: Path) -> None:
    file.write_text("listen = '0.0.0.0:0'\ndatabase-url = 'sqlite:///x'\n", encoding="utf-8")
    status, told = ran("config", "check", file)
    told = " ".join(told.replace("│", " ").split())
    assert (status, "other machines would send health data there unencrypted" in told) == (2, True), told
    assert ran("config", "check", file, "--insecure") == (0, "settings can be used\n")
    assert ran("config", "check", file, CAMCOVER_INSECURE="true") == (0, "settings can be used\n")


def test_files_that_the_settings_name_are_read(file: Path, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.toml"
    tokens.write_text("[[token]]\nsubject = 'x'\n", encoding="utf-8")
    file.write_text(f"tokens = '{tokens}'\n", encoding="utf-8")
    status, told = ran("config", "check", file)
    assert (status, str(tokens) in told) == (1, True), told


def test_the_database_is_shown_without_its_user_and_password() -> None:
    told = ran("config", "show", CAMCOVER_DATABASE_URL=f"postgresql+psycopg://me:{SECRET}@db/camcover")[1]
    assert 'database-url = "postgresql+psycopg://db/camcover"  # environment CAMCOVER_DATABASE_URL' in told
    assert SECRET not in told


def test_a_misspelt_variable_is_told_and_those_of_kubernetes_are_not() -> None:
    names = ["CAMCOVER_MAX_CALL", "CAMCOVER_PORT_50051_TCP_ADDR", "CAMCOVER_SERVICE_HOST", "CAMCOVER_TOKENS", "PATH"]
    known = {"CAMCOVER_MAX_CALLS", "CAMCOVER_TOKENS"}
    assert list(unknown_variables(names, known)) == [
        "CAMCOVER_MAX_CALL is no setting; did you mean 'CAMCOVER_MAX_CALLS'?"
    ]
    assert re.search(
        "^CAMCOVER_WORKER is no setting; did you mean", ran("config", "show", CAMCOVER_WORKER="2")[1], re.MULTILINE
    )
    assert "is no setting" not in ran("config", "show", CAMCOVER_USER="ana", CAMCOVER_TOKEN="t")[1]
