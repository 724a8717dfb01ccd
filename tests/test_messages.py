"""Every sentence is a message: declared once, worded in the catalog, and worded anew by another language's file."""

from __future__ import annotations

import ast
import importlib
import re
import string
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from google.protobuf.message import Message as ProtoMessage

from camcover import languages
from camcover.api.coverage_messages import coverage_message
from camcover.api.estimates import estimate_message
from camcover.languages import ENGLISH, FOLDER, language
from camcover.messages import SENTENCES, Argument, Dollars, Label, Message, Rate, Sentence, WordList, either, sentence
from camcover.rulebook import load_texts
from camcover.workflow.coverage import check_coverage
from camcover.workflow.pricing import price
from small_rules import COPAY_PLAN, SHARE_PLAN, question, tables, typed

PACKAGE = Path(languages.__file__).parent
CATALOG = FOLDER / ENGLISH / "LC_MESSAGES" / "camcover.po"


@cache
def sources() -> list[Path]:
    """The modules that declare messages."""
    files = [path for path in PACKAGE.rglob("*.py") if "gen" not in path.relative_to(PACKAGE).parts]
    return [path for path in files if "import" in (text := path.read_text(encoding="utf-8")) and "sentence(" in text]


@cache
def declared() -> dict[str, Sentence]:
    """Every declared sentence: all modules that declare some are imported."""
    for path in sources():
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        importlib.import_module(".".join(each for each in parts if each != "__init__"))
    return SENTENCES


def worded() -> dict[str, tuple[str, ...]]:
    """The words of the English catalog by message id, singular and plural."""
    with CATALOG.open("rb") as file:
        entries = [each for each in read_po(file, abort_invalid=True) if each.id]
    return {
        each.id if isinstance(each.id, str) else each.id[0]: (
            (each.string,) if isinstance(each.string, str) else tuple(each.string or ())
        )
        for each in entries
    }


def placeholders(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name is not None}


def test_the_catalog_has_every_message_and_no_other() -> None:
    """If this fails, a sentence was added or dropped: its words belong to locales/en/LC_MESSAGES/camcover.po."""
    assert set(declared()) - set(worded()) == set(), "without words"
    assert set(worded()) - set(declared()) == set(), "words that nothing says"


def test_words_name_the_arguments_of_their_message() -> None:
    """Each form; one that has a plural may leave the number out of the singular."""
    for message_id, forms in worded().items():
        names = set(declared()[message_id].names)
        assert len(forms) == 1 or "count" in names, message_id
        for words in forms:
            assert placeholders(words) in ([names] if len(forms) == 1 else [names, names - {"count"}]), message_id


def test_every_declared_sentence_is_used() -> None:
    """The name to which it is assigned is read in the same module, or imported by another."""
    trees = {path: list(ast.walk(ast.parse(path.read_bytes()))) for path in sources()}
    shared = {
        alias.name
        for nodes in trees.values()
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for path, nodes in trees.items():
        read = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        for node in nodes:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                called, target = node.value.func, node.targets[0]
                if isinstance(called, ast.Name) and called.id == "sentence" and isinstance(target, ast.Name):
                    assert target.id in read | shared, f"{path}: {target.id}"


def test_sentences_are_short() -> None:
    """Twenty words or less between full stops, so that somebody of thirteen can read them."""
    for message_id, forms in worded().items():
        for words in re.split(r"[.:] ", " ".join(forms[-1:])):
            assert len(words.split()) <= 22, (message_id, words)


def test_an_id_is_declared_once() -> None:
    known = next(iter(declared()))
    with pytest.raises(ValueError, match="declared twice"):
        sentence(known)


def test_a_message_takes_its_own_arguments() -> None:
    said = Sentence("step-of-a-test", ("amount",))
    assert said(amount=Dollars(1)) == Message("step-of-a-test", (("amount", Dollars(1)),))
    with pytest.raises(TypeError, match="step-of-a-test"):
        said()
    with pytest.raises(KeyError):
        said(total=Dollars(1))
    with pytest.raises(KeyError, match="no words for message step-of-a-test"):
        assert said(amount=Dollars(1)).text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Dollars(123_456), "$1,234.56"),
        (Dollars(-100), "-$1.00"),
        (Dollars(5), "$0.05"),
        (Rate(2_000), "20%"),
        (Rate(3_333), "33.33%"),
        (Rate(1_250), "12.5%"),
        (date(2026, 3, 2), "March 2, 2026"),
        (1_200, "1,200"),
        (Label("manual-therapy_visits"), "manual therapy visits"),
        ("M54.5", "M54.5"),
        (WordList(("a",)), "a"),
        (WordList(("a", "b", Rate(100))), "a, b, and 1%"),
        (either(["a", "b"]), "a or b"),
    ],
)
def test_values_are_written_in_english(value: Argument, words: str) -> None:
    assert Message("reason-excluded-because", (("why", value),)).text == f"The plan excludes this service: {words}."


def test_plural_forms_follow_the_number() -> None:
    one, many = (Message("period-rolling-days", (("count", count),)).text for count in (1, 90))
    assert (one, many) == ("in any 1 day", "in any 90 days")


# Another language


@pytest.fixture
def spanish(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A second language, made up: each message is its id in brackets, with its arguments. One message has no words."""
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    folder = tmp_path / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (tmp_path / ENGLISH).symlink_to(FOLDER / ENGLISH)
    entries = ['msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n']
    for message_id, each in declared().items():
        words = f"<{message_id}{''.join(f' {{{name}}}' for name in each.names)}>"
        plural = f'msgid_plural "{message_id}"\nmsgstr[0] "{words}"\nmsgstr[1] "{words}"\n'
        entries.append(f'msgid "{message_id}"\n{plural if "count" in each.names else f"""msgstr "{words}"{chr(10)}"""}')
    (folder / "camcover.po").write_text("\n".join(entries), encoding="utf-8")
    for kept in (languages._known, languages._read):
        kept.cache_clear()
    yield "es"
    for kept in (languages._known, languages._read):
        kept.cache_clear()


def texts(message: ProtoMessage) -> Iterator[str]:
    """Every text in words of an answer, `text` of sentences inside of arguments aside: they have none."""
    for field, value in message.ListFields():
        values = value if field.is_repeated else [value]
        if field.name in {"text", "assumptions", "member_pays", "provider_liable", "terms_text"}:
            yield from values
        elif field.message_type is not None and field.name not in {"arguments", "created_at"}:
            for each in values:
                yield from texts(each)


CASES: list[dict[str, Any]] = [
    {},
    {"members": []},
    {"plan_id": "copay-plan", "members": [], "requirements": "REQUIREMENTS_AS_ATTESTED"},
    {"secondary_plan_id": "copay-plan"},
    {"items": [question()["items"][0] | {"procedures": [], "tier": "", "diagnoses": [], "conditions": []}]},
]


@pytest.mark.parametrize("asked", CASES)
def test_a_second_language_leaves_no_english_sentence(spanish: str, asked: dict[str, Any]) -> None:
    rules = tables()
    asked_for = typed(question(explain=True, **asked))
    for answer in (
        estimate_message(price(rules, asked_for), "", "es-MX"),
        coverage_message(check_coverage(rules, asked_for), "rules-1", "es-MX"),
    ):
        found = list(texts(answer))
        assert answer.language == spanish
        assert len(found) > 3
        assert [text for text in found if not re.fullmatch(r"<[a-z-]+( .*)?>", text)] == []


FIRST_WORDS = ("found", "hint", "days", "practice", "otherwise")
"""How ids of messages begin that several diagnostics share, or that advise of `otherwise`."""


def test_a_second_language_leaves_no_english_diagnostic(spanish: str) -> None:
    """What a file of the gallery is found to hold, and what is advised; inner messages are worded, too."""
    gallery = Path(__file__).parent / "diagnostics"
    catalog = {"catalog.yaml": (gallery / "_catalog.yaml").read_text(encoding="utf-8")}
    told = set()
    for file in sorted(gallery.glob("[!_]*.yaml"))[::4]:
        for fault in load_texts({**catalog, file.name: file.read_text(encoding="utf-8")}, date(2026, 6, 1)).diagnostics:
            for message in filter(None, (fault.finding, fault.advice)):
                assert re.fullmatch(r"<[a-z0-9-]+( [^ ].*)?>", language(spanish).text(message), re.DOTALL), file
                assert message.id.split("-")[0] in {*fault.code.split("-"), *FIRST_WORDS}, file
                told.add(message.id)
    assert len(told) > 40


def test_values_are_written_as_the_language_does(spanish: str) -> None:
    assert (
        language(spanish).text(Message("step-you-pay", (("amount", Dollars(123_450)),)))
        == "<step-you-pay 1.234,50\xa0US$>"
    )


def test_words_that_a_language_lacks_are_english(spanish: str, tmp_path: Path) -> None:
    path = tmp_path / spanish / "LC_MESSAGES" / "camcover.po"
    path.write_text(
        path.read_text(encoding="utf-8").replace('msgstr "<step-you-pay-nothing>"', 'msgstr ""'), encoding="utf-8"
    )
    assert language(spanish).text(Message("step-you-pay-nothing")) == "You pay nothing."
    assert language(spanish).text(Message("step-nothing-due")) == "<step-nothing-due>"


@pytest.mark.parametrize(("asked", "given"), [("", "en"), ("en-US", "en"), ("EN_gb", "en"), ("tlh", "en"), ("-", "en")])
def test_the_language_of_an_answer_is_chosen_by_the_request(asked: str, given: str) -> None:
    assert language(asked).tag == given
    assert estimate_message(price(tables(), typed(question())), "", asked).language == given


def test_a_message_is_data_beside_its_words() -> None:
    answer = estimate_message(price(tables(share=SHARE_PLAN, copay=COPAY_PLAN), typed(question(explain=True))), "")
    step = next(each for each in answer.lines[0].steps if each.message_id == "step-coinsurance")
    values = {each.name: each for each in step.arguments}
    assert step.text == "You pay coinsurance of $1.60: 20% of what is left."
    assert values["amount"].cents == 160
    inner = values["coinsurance"].sentence
    assert (inner.message_id, inner.text) == ("pays-coinsurance", "")
    assert {each.name: each.WhichOneof("value") for each in inner.arguments} == {
        "rate": "basis_points",
        "base": "sentence",
    }
