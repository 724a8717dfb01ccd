"""Reads pages as a test sees them: the texts that are shown, fields and their faults, links."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "img", "input", "br", "rect", "line"}
HIDDEN = {"script", "style", "title"}


@dataclass
class Page(HTMLParser):
    """A page; `texts`: what is shown in its own language; `marked`: what is marked as another."""

    language: str = ""
    texts: list[str] = field(default_factory=list)
    marked: list[str] = field(default_factory=list)
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin outside of all elements."""
        super().__init__(convert_charrefs=True)
        self._open: list[tuple[str, str]] = []
        self._by_id: dict[str, list[str]] = {}
        self._ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        named = {name: value or "" for name, value in attrs}
        self.tags.append((tag, named))
        if tag == "html":
            self.language = named.get("lang", "")
        if tag in VOID:
            return
        before = self._open[-1][1] if self._open else ""
        self._open.append((tag, named.get("lang", before)))
        self._ids.append(named.get("id", ""))

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        if tag not in VOID:
            assert self._open.pop()[0] == tag, f"</{tag}> closes nothing"
            self._ids.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        """A text."""
        text = " ".join(data.split())
        if not text or not self._open or self._open[-1][0] in HIDDEN:
            return
        (self.texts if self._open[-1][1] == self.language else self.marked).append(text)
        for each in self._ids:
            if each:
                self._by_id.setdefault(each, []).append(text)

    def of(self, name: str) -> str:
        """The text of the element with an id."""
        return " ".join(self._by_id.get(name, []))

    def fields(self, name: str) -> list[dict[str, str]]:
        """The attributes of the fields of that name."""
        return [each for tag, each in self.tags if tag in {"input", "select", "button"} and each.get("name") == name]

    @property
    def text(self) -> str:
        """All that is shown in the page's own language."""
        return " ".join(self.texts)


def read(html: str) -> Page:
    """A page, whose elements close in order."""
    page = Page()
    page.feed(html)
    page.close()
    assert page._open == []
    return page
