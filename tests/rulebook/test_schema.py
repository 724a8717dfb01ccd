"""The JSON Schema that editors use: it takes every file that the checker takes, and refuses what a schema can see."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import settings
from jsonschema import Draft202012Validator, FormatChecker

import every_construct
import small_rules
from camcover.rulebook import CODES, json_schema
from camcover.rulebook.grammar import KINDS
from oracle.drawn import drawn
from oracle.scenarios import Scenario, draw_scenario

PROJECT = Path(__file__).resolve().parents[2]
GALLERY = PROJECT / "tests" / "diagnostics"
ENTRIES = sorted(file.stem for file in GALLERY.glob("*.yaml") if not file.name.startswith("_"))
NO_DOCUMENT = {"syntax", "duplicate-key", "alias-refused", "tag-refused", "too-large"}
"""What an editor's YAML reader refuses before any schema is asked."""


class _Core(yaml.SafeLoader):
    """YAML 1.2 as editors read it: `yes`, `2026-01-31` and `07-01` are texts."""


_Core.yaml_implicit_resolvers = {}
_Core.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), [*"tTfF"])
_Core.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), [*"-+0123456789"])
_Core.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?$"), [*"-+.0123456789"]
)


@cache
def validator(kind: str) -> Draft202012Validator:
    """The schema of a kind of file, formats included."""
    return Draft202012Validator(json_schema(kind), format_checker=FormatChecker())


def faults(text: str) -> list[str]:
    """What the schema of its kind finds in a document."""
    document = _as_json(yaml.load(text, Loader=_Core))
    kind = document.get("kind")
    schema = validator(kind if kind in KINDS else "plan")
    return [f"{each.json_path}: {each.message}" for each in schema.iter_errors(document)]


def _as_json(value: Any) -> Any:
    """A document as JSON has it: every key is a text."""
    if isinstance(value, dict):
        return {str(key): _as_json(each) for key, each in value.items()}
    return [_as_json(each) for each in value] if isinstance(value, list) else value


def rule_texts() -> dict[str, str]:
    """Every rule file that is shipped, shown in the documentation, or kept for tests."""
    folders = [PROJECT / "rules", PROJECT / "docs" / "examples", PROJECT / "tests" / "examples"]
    files = [*(file for folder in folders for file in folder.rglob("*.yaml")), *GALLERY.glob("_*.yaml")]
    texts = {str(file.relative_to(PROJECT)): file.read_text(encoding="utf-8") for file in files}
    kept = {"small_rules": small_rules.TEXTS, "every_construct": every_construct.TEXTS}
    return texts | {f"{module}/{name}": text for module, group in kept.items() for name, text in group.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_schema_is_one_and_is_the_one_on_disk(kind: str) -> None:
    Draft202012Validator.check_schema(json_schema(kind))
    stored = PROJECT / "rules" / "schema" / f"{kind}.schema.json"
    assert json.loads(stored.read_text(encoding="utf-8")) == json_schema(kind)


def test_every_rule_file_of_the_project_is_valid() -> None:
    texts = {name: text for name, text in rule_texts().items() if "format: camcover/1" in text}
    assert len(texts) > 80
    assert {name: found for name, text in texts.items() if (found := faults(text))} == {}


@drawn(draw_scenario, examples=max(settings().max_examples // 4, 25))  # each has some ten files
def test_every_drawn_rule_file_is_valid(scenario: Scenario) -> None:
    assert {name: found for name, text in scenario.documents.items() if (found := faults(text))} == {}


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry.partition(".")[0] not in NO_DOCUMENT])
def test_gallery_is_refused_where_a_schema_can_see_the_fault_and_only_there(entry: str) -> None:
    is_seen = bool(faults((GALLERY / f"{entry}.yaml").read_text(encoding="utf-8")))
    assert is_seen == CODES[entry.partition(".")[0]].in_editor
