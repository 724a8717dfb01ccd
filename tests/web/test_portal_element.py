"""`<camcover-estimate>` as it is served: its script, its words, and what a portal's page needs to show it."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from camcover.web.portal_element import SCRIPT_PATH, WORDS_PATH
from web.test_embed_page import PORTAL
from web.test_spanish import english_in


@pytest.mark.parametrize(("path", "kind"), [(SCRIPT_PATH, "text/javascript"), (WORDS_PATH, "application/json")])
async def test_pages_of_all_origins_may_load_it_and_keep_it_for_a_while(
    site: httpx.AsyncClient, path: str, kind: str
) -> None:
    answer = await site.get(path, headers={"Origin": "https://portal.example"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == kind
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "public, max-age=300"
    tag = answer.headers["etag"]
    for known in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        again = await site.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (await site.get(path, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_its_words_are_those_of_the_catalogs(site: httpx.AsyncClient) -> None:
    words = (await site.get(WORDS_PATH)).json()
    assert words.keys() == {"en", "es"}
    assert words["en"].keys() == words["es"].keys()
    assert words["en"]["web-range"] == "It could be {low} to {high}."
    assert words["es"]["web-covered-of"] == "{covered} de {visits} visitas están cubiertas."
    assert words["es"]["web-error-visits"] == "Indique un número de visitas de 1 a 60."
    assert words["en"]["unreviewed"] == ""
    assert words["es"]["unreviewed"].startswith("Un traductor calificado todavía no ha revisado")
    for each in words["es"].values():
        assert english_in(re.sub(r"{\w+}", "", each), set()) == set()


async def test_the_script_says_only_words_that_are_served(site: httpx.AsyncClient) -> None:
    script = (await site.get(SCRIPT_PATH)).text
    said = set(re.findall(r'"(web-[a-z-]+)"', script)) | set(re.findall(r"\bsay\.(\w+)", script))
    assert said == set((await site.get(WORDS_PATH)).json()["en"])


async def test_the_script_is_small_and_makes_no_code_or_markup_of_texts(site: httpx.AsyncClient) -> None:
    script = (await site.get(SCRIPT_PATH)).text
    assert len(script.encode()) < 10_000
    for each in (
        "eval",
        "Function(",
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        ".style",
        "://",
    ):
        assert each not in script
    assert not re.search(r"\b(import|require)\b|cookie|localStorage|sessionStorage|setTimeout", script)


async def test_the_portal_of_the_example_loads_the_script_that_there_is(site: httpx.AsyncClient) -> None:
    """Its policy allows files of the service alone, so that nothing inline runs."""
    text = PORTAL.read_text(encoding="utf-8")
    (path,) = re.findall(r'<script src="http://127\.0\.0\.1:8080([^"]+)" defer></script>', text)
    assert (await site.get(path)).status_code == 200
    assert "unsafe" not in text
    assert "<style" not in text
    (sheet,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', text)
    assert (Path(PORTAL).parent / sheet).is_file()
