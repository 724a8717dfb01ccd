"""Rule files of strangers at the command line: nothing in them steers the terminal, and nothing ends in a traceback."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.color import ColorSystem
from rich.table import Table
from rich.text import Text

from camcover.cli.guarding import guarded_output
from camcover.cli.table import Screen
from camcover.rulebook import printable
from small_rules import COPAY_PLAN, SHARE_PLAN, question

WICKED = "x\\e]0;owned\\a\\e[31mred\\u202e\\u009b2J[/bold]\\n::error::pwn"
"""As YAML writes it in double quotes: it sets the title, colours, turns the direction, and begins a line of its own."""

STEERING = "\x1b\x07\u202e\x9b\r"

EXAMPLES = Path(__file__).resolve().parents[2]


@pytest.fixture
def wicked(rules: Path) -> Path:
    """Rules in order whose names and sources steer a terminal, and whose one test, of such a name, fails."""
    failing = f"""tests:
  - name: "{WICKED}"
    given: {{age: 40, state: WA, tier: in_network, therapy: acupuncture, charge: $80.00, practitioner: acupuncturist,
            attestations: [referral], first: 2026-03-02}}
    expect: {{patient: $1.00}}
"""
    title = "title: Evidence of coverage"
    copay = COPAY_PLAN.replace("name: Copay Plan", f'name: "{WICKED}"').replace(title, f'title: "{WICKED}"')
    (rules / "copay.yaml").write_text(copay + failing, encoding="utf-8")
    share = SHARE_PLAN.replace("name: Share Plan", f'name: "{WICKED}"').replace(
        "cite: eoc p.2", f'cite: "eoc {WICKED}"'
    )
    (rules / "share.yaml").write_text(share.replace(title, f'title: "{WICKED}"'), encoding="utf-8")
    return rules


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (("rules", "check"), 0),
        (("rules", "check", "--format", "json"), 0),
        (("rules", "check", "--format", "github"), 0),
        (("rules", "test"), 1),
        (("rules", "test", "--format", "json"), 1),
        (("rules", "test", "--format", "github"), 1),
        (("rules", "analyze"), 0),
        (("rules", "analyze", "--format", "github"), 0),
        (("rules", "cover"), 0),
        (("rules", "fmt", "--check"), 1),
    ],
)
def test_no_command_lets_a_rule_text_steer_the_terminal(
    command: tuple[str, ...], status: int, wicked: Path, run: Any
) -> None:
    result = run(*command, wicked)
    assert result.exit_code == status, result.output
    assert not set(STEERING) & set(result.output)
    assert not any(line.startswith("::error::pwn") for line in result.output.splitlines()) or "github" not in command


def test_files_with_faults_neither(rules: Path, run: Any) -> None:
    """An id, a key, a line and a file's name."""
    wrong = COPAY_PLAN.replace("therapies: [acupuncture, massage]", f'therapies: ["{WICKED}"]') + f'"{WICKED}": 1\n'
    (rules / "copay.yaml").unlink()
    (rules / "a\x1b[31m\n::error::b.yaml").write_text(wrong, encoding="utf-8")
    for form in ("text", "json", "github"):
        result = run("rules", "check", rules, "--format", form)
        assert result.exit_code == 1
        assert not set(STEERING) & set(result.output)
        assert not any(line.startswith("::error::") for line in result.output.splitlines())
    assert "a\\u001b[31m\\n::error::b.yaml" in run("rules", "check", rules).output


def test_an_estimate_shows_what_is_written_and_takes_no_markup(wicked: Path, run: Any, tmp_path: Path) -> None:
    """Texts of rules stand behind each step; `[/bold]` that closes nothing once ended the command."""
    asked = tmp_path / "request.json"
    asked.write_text(json.dumps(question(explain=True)), encoding="utf-8")
    result = run("estimate", asked, "--rules", wicked, "--format", "table")
    assert result.exit_code == 0, result.output
    assert not set(STEERING) & set(result.output)


def test_a_terminal_gets_colours_from_the_program_and_none_from_texts() -> None:
    terminal = io.StringIO()
    screen = Screen(width=60)
    screen.file, screen._color_system = terminal, ColorSystem.STANDARD
    table = Table(title="t\x1b[31m")
    table.add_column("c\x9b")
    table.add_row("[/nosuch] \x1b]0;owned\x07")
    table.add_row(Text("\u202eabc"))
    screen.print(table)
    screen.print("[bold]x[/bold]", style="bold", highlight=False)
    shown = terminal.getvalue()
    assert "[/nosuch] \\u001b]0;owned\\u0007" in shown
    assert "\\u202eabc" in shown
    assert "[bold]x[/bold]" in shown
    assert "\x1b]0" not in shown
    assert "\x1b[31m" not in shown
    assert "\x1b[1m" in shown


def test_everything_written_goes_through_one_place(capsys: pytest.CaptureFixture[str]) -> None:
    """Print, write, and standard error; what Rich draws goes past it, and the streams are put back."""
    before = sys.stdout
    with guarded_output():
        print("a\x1b[31m")  # noqa: T201 - what is tested
        sys.stdout.write("b\x9b\n")
        sys.stderr.write("c\u202e\n")
        assert sys.stdout.isatty() is False
    assert sys.stdout is before
    assert capsys.readouterr() == ("a\\u001b[31m\nb\\u009b\n", "c\\u202e\n")


@pytest.mark.parametrize("options", [(), ("--check",)])
def test_fmt_leaves_what_it_cannot_read_and_says_so(options: tuple[str, ...], rules: Path, run: Any) -> None:
    """What is no UTF-8, too large, no YAML or no rule file; files beside them are formatted."""
    others = {
        "bad.yaml": b"\xff",
        "large.yaml": b"format: camcover/1\nnotes: " + b"x" * 10_000_000,
        "ci.yml": b"name:    ci\non: {push: {}}\n",
        "deep.yaml": b"format: camcover/1\nkind: plan\nx: " + b"[" * 100_000,
        "many.yaml": b"format: camcover/1\nkind: plan\nx: [" + b"a," * 500_000 + b"]\n",
        "open.yaml": b"format: camcover/1\nkind: plan\nid: 'a\n",
    }
    for name, content in others.items():
        (rules / name).write_bytes(content)
    untidy = COPAY_PLAN.replace("id: copay-plan", "id:    copay-plan")
    (rules / "copay.yaml").write_text(untidy, encoding="utf-8")
    result = run("rules", "fmt", *options, rules)
    assert result.exit_code == 1
    assert "bad.yaml:1:1: error[not-utf8]: byte 0 is not UTF-8" in result.stderr
    assert "large.yaml:1:1: error[too-large]" in result.stderr
    assert "ci.yml:1:1: warning[not-a-rule-file]" in result.stderr
    assert "deep.yaml:3:23: error[too-large]: this value is nested deeper than 20 levels" in result.stderr
    assert (
        "many.yaml:3:399991: error[too-large]: the file has more than 200,000 words, lists and mappings"
        in result.stderr
    )
    assert "open.yaml:4:1: error[syntax]" in result.stderr
    assert "copay.yaml" in result.stdout
    assert {name: (rules / name).read_bytes() for name in others} == others
    assert ((rules / "copay.yaml").read_text(encoding="utf-8") == untidy) is bool(options)


def test_what_the_readme_says_of_the_examples_holds(run: Any) -> None:
    """The workflow beside the plan is named, and keeps nothing from being used."""
    result = run("rules", "check", EXAMPLES / "rules" / "catalog", EXAMPLES / "docs" / "examples")
    assert result.exit_code == 0
    assert result.stdout.endswith("2 files: 0 errors, 2 warnings\n")
    assert "rules-pull-request.yml:1:1: warning[not-a-rule-file]" in result.stdout


def test_compiled_rules_overwrite_no_rule_file(rules: Path, run: Any) -> None:
    (rules / "link").symlink_to("copay.yaml")
    for output in (rules / "copay.yaml", rules / "link"):
        result = run("rules", "compile", rules, "--output", output)
        assert result.exit_code == 2
        assert "is one of the rule files; expected another file" in result.stderr
    assert (rules / "copay.yaml").read_text(encoding="utf-8") == COPAY_PLAN


def test_what_is_shown_is_harmless_already() -> None:
    """Once is enough: what was written out is not written out again."""
    assert printable(printable("\x1b")) == "\\u001b"
