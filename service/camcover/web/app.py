"""The pages as an ASGI application over the active rules.

What comes in: GETs of pages, POSTs of forms. What goes out: HTML. Pricing runs where `run` puts it, so that a page
holds up no other call.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from camcover.languages import ENGLISH, language, languages
from camcover.web.care_page import care_page
from camcover.web.compare_page import compare_page
from camcover.web.coverage_page import coverage_page
from camcover.web.downloads import DOWNLOADS, Download
from camcover.web.embed_page import embed_page
from camcover.web.forms import MOST_BYTES, CareForm, WrongForm, form_of, pairs_of
from camcover.web.help_page import help_page
from camcover.web.portal_element import SCRIPT_PATH, WORDS_PATH, element_script, element_words
from camcover.web.rendering import attachment, html, page
from camcover.web.start_page import start_page
from camcover.web.static_files import static_file
from camcover.workflow.errors import NoActiveRelease
from camcover.workflow.rules_in_force import RulesInForce

__all__ = ["PageSettings", "Run", "pages", "refused_page"]

_SMALLEST_PACKED, _LEVEL = 1024, 5
_FORM = ["GET", "POST"]
_NOBODY = "'none'"


class Run(Protocol):
    """Runs work that takes a while, in a thread or at once."""

    def __call__(self, work: Callable[[], str], /) -> Awaitable[str]:
        """What `work` gives."""


@dataclass(frozen=True, slots=True)
class PageSettings:
    """Settings of the pages: the phone number for help, and the origins whose pages may show `/embed` in a frame."""

    help_phone: str = ""
    frames: tuple[str, ...] = ()


class _Pages:
    """The pages over one set of active rules."""

    def __init__(self, rules: RulesInForce, settings: PageSettings, run: Run, today: Callable[[], date]) -> None:
        self._rules, self._settings, self._run, self._today = rules, settings, run, today

    def routes(self) -> list[Route]:
        """Every page in every language; `/` leads to the reader's."""
        tags = languages()
        found = [Route("/", _to_language), Route("/static/{digest}/{name}", static_file)]
        found += [Route(SCRIPT_PATH, element_script), Route(WORDS_PATH, element_words)]
        for tag in tags:
            found += [
                Route(f"/{tag}", RedirectResponse(f"/{tag}/", 308)),
                Route(f"/{tag}/", self._shown(tag, start_page)),
                Route(f"/embed/{tag}", self._formed(tag, embed_page, self._frame_ancestors()), methods=_FORM),
                Route(f"/{tag}/help", self._shown(tag, help_page)),
                Route(f"/{tag}/plan", self._formed(tag, care_page), methods=_FORM),
                Route(f"/{tag}/coverage", self._formed(tag, coverage_page), methods=_FORM),
                Route(f"/{tag}/compare", self._formed(tag, compare_page), methods=_FORM),
            ]
            found += [
                Route(f"/{tag}/plan/{each.name}", self._downloaded(tag, each), methods=["POST"]) for each in DOWNLOADS
            ]
        return found

    def _shown(self, tag: str, make: Callable[..., str]) -> Callable[[Request], Awaitable[Response]]:
        """A page without a form of its own."""

        async def answer(_request: Request) -> Response:
            return await self._made(tag, lambda: make(self._rules.take(), tag, **self._values()))

        return answer

    def _frame_ancestors(self) -> str:
        """Whose pages may show the small form in a frame, as the content security policy has it."""
        return " ".join(self._settings.frames) or _NOBODY

    def _formed(
        self, tag: str, make: Callable[..., str], framed_by: str = _NOBODY
    ) -> Callable[[Request], Awaitable[Response]]:
        """A page with a form: as it is first shown, and as it was sent."""

        async def answer(request: Request) -> Response:
            if request.method != "POST":
                return await self._made(tag, lambda: make(self._rules.take(), tag, None, **self._values()), framed_by)
            form = await _form(request, tag)
            if isinstance(form, Response):
                return form
            part = request.headers.get("hx-request-type") == "partial"
            return await self._made(
                tag, lambda: make(self._rules.take(), tag, form, is_part=part, **self._values()), framed_by
            )

        return answer

    def _downloaded(self, tag: str, file: Download) -> Callable[[Request], Awaitable[Response]]:
        """A file of the care plan that a form has; where there is none, the page with what is wrong."""

        async def answer(request: Request) -> Response:
            form = await _form(request, tag)
            if isinstance(form, Response):
                return form
            try:
                text = await self._run(lambda: file.make(self._rules.take(), tag, form, self._today()))
            except NoActiveRelease:
                return refused_page(tag, "web-no-rules", 503)
            if not text:
                return await self._made(tag, lambda: care_page(self._rules.take(), tag, form, **self._values()))
            return attachment(text, file.name, file.media_type)

        return answer

    def _values(self) -> dict[str, Any]:
        return {"phone": self._settings.help_phone, "today": self._today()}

    async def _made(self, tag: str, make: Callable[[], str], framed_by: str = _NOBODY) -> Response:
        try:
            return page(await self._run(make), frame_ancestors=framed_by)
        except NoActiveRelease:
            return refused_page(tag, "web-no-rules", 503)


def pages(rules: RulesInForce, settings: PageSettings, run: Run, today: Callable[[], date] = date.today) -> ASGIApp:
    """The application. `run` runs what takes a while; `today`: the day on which a first visit is expected."""
    made = Starlette(routes=_Pages(rules, settings, run, today).routes(), exception_handlers={HTTPException: _no_page})
    made.router.redirect_slashes = False
    return GZipMiddleware(made, minimum_size=_SMALLEST_PACKED, compresslevel=_LEVEL)


def refused_page(tag: str, word: str, status: int) -> Response:
    """A page that says why there is no other."""
    text = html("refused.html", tag, title=f"{word}-title", text=word, phone="")
    return page(text, status)


async def _to_language(request: Request) -> Response:
    """To the start page in the first language that the reader's browser names and there is."""
    asked = [each.partition(";")[0].strip() for each in request.headers.get("accept-language", "").split(",")]
    tag = next((language(each).tag for each in asked[:20] if _is_known(each)), ENGLISH)
    return RedirectResponse(f"/{tag}/", 303, headers={"vary": "Accept-Language", "cache-control": "no-store"})


def _is_known(asked: str) -> bool:
    return asked.lower().partition("-")[0] in {tag.partition("-")[0] for tag in languages()}


async def _no_page(request: Request, error: Exception) -> Response:
    """The answer where there is no page, or not by that method of HTTP."""
    tag = request.url.path.split("/")[1]
    status = error.status_code if isinstance(error, HTTPException) else 404
    return refused_page(tag if tag in languages() else ENGLISH, "web-not-found", status)


def _is_own(request: Request) -> bool:
    """Whether a form was sent by one of our own pages, as browsers say; callers that are no browsers say nothing."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host")


async def _form(request: Request, tag: str) -> CareForm | Response:
    """The form that was sent, or the page that refuses it."""
    if not _is_own(request):
        return refused_page(tag, "web-wrong-form", 403)
    try:
        return form_of(pairs_of(await _body(request)))
    except WrongForm:
        return refused_page(tag, "web-wrong-form", 400)


async def _body(request: Request) -> bytes:
    """The body of a form. Raises `WrongForm` where it is none, or too large."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise WrongForm("the body is no form")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise WrongForm("the form is too large")
    return bytes(body)
