"""Reads a PDF as a test sees it: its language, title and text, and the tree by which screen readers find their way."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")
pytest.importorskip("typst", reason="Typst is not installed: pip install 'camcover[letters]'")


class Document(NamedTuple):
    """A PDF; `tags`: how often each kind of element stands in its tree; `alternatives`: texts in place of figures."""

    language: str
    title: str
    is_marked: bool
    standard: str
    pages: tuple[str, ...]
    tags: Counter[str]
    alternatives: tuple[str, ...]
    tables: tuple[tuple[int, int], ...]

    @property
    def text(self) -> str:
        """The text of all pages."""
        return plain(" ".join(self.pages))


def plain(text: str) -> str:
    """A text with one space between words, and hyphens for dashes."""
    return " ".join(text.split()).replace("\N{EN DASH}", "-")


def read_pdf(data: bytes) -> Document:
    """A PDF. Each table of it has (head cells, rows)."""
    assert data.startswith(b"%PDF-")
    reader = pypdf.PdfReader(io.BytesIO(data), strict=True)
    root = reader.trailer["/Root"]
    elements = list(_elements(root["/StructTreeRoot"]))
    metadata = root["/Metadata"].get_data().decode()
    return Document(
        language=root["/Lang"],
        title=reader.metadata.title,
        is_marked=bool(root["/MarkInfo"]["/Marked"]),
        standard=metadata.partition("<pdfuaid:part>")[2].partition("<")[0],
        pages=tuple(page.extract_text() for page in reader.pages),
        tags=Counter(each["/S"][1:] for each in elements),
        alternatives=tuple(str(each["/Alt"]) for each in elements if "/Alt" in each),
        tables=tuple(_size(each) for each in elements if each["/S"] == "/Table"),
    )


def _size(table: Any) -> tuple[int, int]:
    found = Counter(each["/S"] for each in _elements(table))
    return found["/TH"], found["/TR"]


def _elements(node: Any) -> Iterator[Any]:
    """The elements below one, in their order."""
    children = node.get("/K", [])
    for each in children if isinstance(children, list) else [children]:
        child = each.get_object()
        if isinstance(child, dict):
            if "/S" in child:
                yield child
            yield from _elements(child)
