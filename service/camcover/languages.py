"""Messages in words: the catalog of a language, and the way in which it writes amounts, dates, counts and lists.

What comes in: a `Message`. What goes out: its text in a language. A catalog is a gettext file,
`camcover/locales/<language>/LC_MESSAGES/camcover.po`: its msgid is the message's id, its msgstr the sentence with the
arguments' names in braces. A second language is a second file. It is read when a language is first asked for. What a
catalog does not have, or marks as fuzzy, is said in English. Beside it, `names.po` has the names and words of rule
files by what stands there (`Acupuncture`, `manual therapy`); one that it does not have stays as it is.

The header's `Language` says how values are written (`es_US`: $1,234.50). A comment `Reviewed by: NAME, DATE` in the
head of a translation says who has reviewed it, and when.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from gettext import c2py
from pathlib import Path

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent

from camcover.messages import Argument, Dollars, Label, Message, Rate, WordList

__all__ = ["ENGLISH", "FOLDER", "Language", "known_tag", "language", "languages"]

ENGLISH = "en"
FOLDER = Path(__file__).parent / "locales"
"""A folder for each language, named by its tag (`en`, `es`, `pt-BR`)."""

CURRENCY = "USD"
COUNT = "count"
"""The argument by which a sentence has a singular and plurals."""

_REMEMBERED = 50_000
"""Amounts and dates whose words are kept: writing one as a language does takes a hundredth of a millisecond."""

_REVIEWED = re.compile(r"^# Reviewed by: (.+), ([0-9]{4}-[0-9]{2}-[0-9]{2})$", re.MULTILINE)

_CENTS, _HUNDREDTHS_OF_PERCENT = Decimal("0.01"), Decimal("0.0001")


class Language:
    """One language: its catalog, and its way to write values."""

    def __init__(self, tag: str, fallback: Language | None) -> None:
        """Read the catalog of `tag` (BCP 47); `fallback` has the words that it lacks.

        Raises FileNotFoundError where there is no catalog, `PoFileError` where it is none.
        """
        self.tag = tag
        self._fallback = fallback
        folder = FOLDER / tag / "LC_MESSAGES"
        catalog = _read_catalog(folder / "camcover.po")
        self._locale = catalog.locale or Locale.parse(tag, sep="-")
        self._words, self._plural = _words(catalog), c2py(catalog.plural_expr)
        names = folder / "names.po"
        self._names = {key: forms[0] for key, forms in _words(_read_catalog(names)).items()} if names.exists() else {}
        reviewed = _REVIEWED.search(catalog.header_comment)
        self.reviewed: tuple[str, date] | None = reviewed and (reviewed[1], date.fromisoformat(reviewed[2]))
        self.dollars: Callable[[int], str] = lru_cache(_REMEMBERED)(self._written_dollars)
        self._number: Callable[[int], str] = lru_cache(_REMEMBERED)(self._written_number)
        self._date: Callable[[date], str] = lru_cache(_REMEMBERED)(self._written_date)

    def text(self, message: Message) -> str:
        """The sentence. Raises KeyError where neither this catalog nor the fallback has it."""
        forms = self._words.get(message.id)
        if forms is None:
            if self._fallback is None:
                raise KeyError(f"locales/{self.tag} has no words for message {message.id}")
            return self._fallback.text(message)
        words = {name: self._value(value) for name, value in message.arguments}
        form = 0
        if len(forms) > 1:
            form = next(
                (self._plural(value) for name, value in message.arguments if name == COUNT and isinstance(value, int)),
                0,
            )
        return forms[form].format_map(words)

    def name(self, text: str) -> str:
        """A name or word of rule files as this language has it, else as it stands there."""
        return self._names.get(text, text)

    def change(self, cents: int) -> str:
        """By how much an amount changes: `+$150.00`, with a minus sign where it falls."""
        return ("+" if cents > 0 else "\N{MINUS SIGN}") + self.dollars(abs(cents))

    def month(self, day: date) -> str:
        """The month of a day, with its year: `March 2026`."""
        return format_skeleton("yMMMM", day, locale=self._locale)

    def day(self, day: date) -> str:
        """A day with its year, the month by its short name: `Mar 2, 2026`."""
        return format_skeleton("yMMMd", day, locale=self._locale)

    def short_date(self, day: date) -> str:
        """A day without its year: `Mar 2`."""
        return format_skeleton("MMMd", day, locale=self._locale)

    def short_month(self, day: date) -> str:
        """A month by its short name: `Mar`."""
        return format_skeleton("MMM", day, locale=self._locale)

    def whole_dollars(self, cents: int) -> str:
        """An amount to the dollar, for charts: `$150`."""
        whole = Decimal(cents) / 100
        return format_currency(
            whole, CURRENCY, format="¤#,##0", locale=self._locale, currency_digits=False, decimal_quantization=True
        )

    def word(self, word: str) -> str:
        """An id or word of rule files in words: `manual_therapy` is manual therapy."""
        return self.name(word.replace("_", " ").replace("-", " "))

    @property
    def is_unreviewed(self) -> bool:
        """Whether it is a translation that nobody has reviewed."""
        return self.tag != ENGLISH and self.reviewed is None

    def warm(self) -> None:
        """Have Babel read what it needs to write values of every kind."""
        for value in (Dollars(1), 1, date.min, Rate(1), WordList(("", "", ""), is_choice=True), WordList(("", "", ""))):
            self._value(value)

    def _value(self, value: Argument) -> str:
        """An argument as it stands in a sentence."""
        match value:
            case str():
                return value
            case Dollars():
                return self.dollars(value.cents)
            case Message():
                return self.text(value)
            case Label():
                return self.word(value.word)
            case int():
                return self._number(value)
            case date():
                return self._date(value)
            case Rate():
                whole = value.basis_points * _HUNDREDTHS_OF_PERCENT
                return format_percent(whole, locale=self._locale, decimal_quantization=False)
            case WordList():
                items = [self._value(each) for each in value.items]
                return format_list(items, style="or" if value.is_choice else "standard", locale=self._locale)

    def _written_dollars(self, cents: int) -> str:
        return format_currency(cents * _CENTS, CURRENCY, locale=self._locale)

    def _written_number(self, number: int) -> str:
        return format_decimal(number, locale=self._locale)

    def _written_date(self, day: date) -> str:
        return format_date(day, "long", locale=self._locale)


def _read_catalog(path: Path) -> Catalog:
    """A gettext file. Raises FileNotFoundError, `PoFileError`."""
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def _words(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    """The words of a catalog by message id, singular and plurals."""
    words: dict[str, tuple[str, ...]] = {}
    for each in catalog:
        forms = (each.string,) if isinstance(each.string, str) else tuple(each.string or ())
        if each.id and forms and all(forms) and not each.fuzzy:
            words[each.id if isinstance(each.id, str) else each.id[0]] = forms
    return words


@cache
def languages() -> tuple[str, ...]:
    """The tags of the languages that there is a catalog of."""
    return tuple(sorted(path.parent.parent.name for path in FOLDER.glob("*/LC_MESSAGES/camcover.po")))


def known_tag(tag: str) -> str | None:
    """The tag of the catalog for a tag, or for the tag without its last parts (`es` for `es-MX`); None = there is none.

    Small and capital letters are the same.
    """
    known = _known()
    return next((known[each] for each in _ever_shorter(tag.lower().replace("_", "-")) if each in known), None)


def language(tag: str) -> Language:
    """The language of a tag, as `known_tag` finds it; English where there is none."""
    return _read(known_tag(tag) or ENGLISH)


def _ever_shorter(tag: str) -> Iterator[str]:
    """`es-mx`, `es`."""
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]


@cache
def _known() -> dict[str, str]:
    """The tags that there is a catalog of, by their small letters."""
    return {each.lower(): each for each in languages()}


@cache
def _read(tag: str) -> Language:
    """A language, read once."""
    return Language(tag, None if tag == ENGLISH else _read(ENGLISH))
