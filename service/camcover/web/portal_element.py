"""`<camcover-estimate>`, the element that a portal's page shows: its script at a path that stays, and its words.

Both are the same for everybody and hold nothing of anybody, so that pages of all origins may load them. What the
element asks is a call of `/v1/estimates`, which only pages of the origins in the settings may make.
"""

from __future__ import annotations

import hashlib
from functools import cache

import orjson
from starlette.requests import Request
from starlette.responses import Response

from camcover.languages import language, languages
from camcover.showing.words import WORDS
from camcover.web.asking import MOST_VISITS
from camcover.web.static_files import static_files

__all__ = ["SCRIPT_PATH", "WORDS_PATH", "element_script", "element_words"]

SCRIPT_PATH, WORDS_PATH = "/embed/camcover-estimate.js", "/embed/camcover-estimate.json"

_SAID = (
    "web-embed-title",
    "web-you-would-pay",
    "web-covered-of",
    "web-range",
    "web-exact",
    "web-know",
    "web-busy",
    "web-error-amount",
    "web-element-wait",
    "web-element-again",
    "web-element-not-set",
    "web-element-refused",
    "web-element-failed",
)
"""What the element says; the script puts values in place of `{name}`."""

_HEADERS = {
    "cache-control": "public, max-age=300",
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
}
_TAG_DIGITS = 24


async def element_script(request: Request) -> Response:
    """The script; 304 where the browser has it."""
    file = static_files()["camcover-estimate.js"]
    return _tagged(request, file.data, file.media_type)


async def element_words(request: Request) -> Response:
    """The words of every language as JSON, by its tag; 304 where the browser has them."""
    return _tagged(request, _words(), "application/json")


@cache
def _words() -> bytes:
    return orjson.dumps({tag: _words_in(tag) for tag in languages()})


def _words_in(tag: str) -> dict[str, str]:
    """The sentences of one language, with `{name}` where a value belongs."""
    said = language(tag)
    found = {}
    for each in _SAID:
        template = WORDS[each]
        found[each] = said.text(template(**{name: f"{{{name}}}" for name in template.names}))
    found["web-error-visits"] = said.text(WORDS["web-error-visits"](most=MOST_VISITS))
    found["unreviewed"] = said.text(WORDS["web-unreviewed"]()) if said.is_unreviewed else ""
    return found


def _tagged(request: Request, data: bytes, media_type: str) -> Response:
    """A body with its tag. The tag is weak, since the same body may be sent packed."""
    tag = f'W/"{hashlib.sha256(data).hexdigest()[:_TAG_DIGITS]}"'
    headers = {**_HEADERS, "etag": tag}
    known = {each.strip() for each in request.headers.get("if-none-match", "").split(",")}
    if known & {tag, tag.removeprefix("W/"), "*"}:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=media_type, headers=headers)
