"""The pages as an ASGI application over the active rules.

What comes in: GETs of pages, POSTs of forms. What goes out: HTML. Pricing runs where `run` puts it, so that a page
holds up no other call.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from camcover.engine import Tables
from camcover.extras import ExtraMissing
from camcover.languages import ENGLISH, known_tag, languages
from camcover.showing.printing import PaperTooLong
from camcover.web.care_page import care_page
from camcover.web.cheaper_page import cheaper_page
from camcover.web.compare_page import compare_page
from camcover.web.coverage_page import coverage_page
from camcover.web.downloads import DOWNLOADS, Download
from camcover.web.embed_page import embed_page
from camcover.web.forms import FORM_SECONDS, CareForm, SlowForm, WrongForm, body_of, form_of, pairs_of
from camcover.web.help_page import help_page
from camcover.web.page_app import PageApp
from camcover.web.portal_element import SCRIPT_PATH, WORDS_PATH, element_script, element_words
from camcover.web.rendering import Site, attachment, html, page
from camcover.web.saved_routes import SavedRoutes
from camcover.web.start_page import start_page
from camcover.web.static_files import static_file
from camcover.workflow.errors import NoActiveRelease
from camcover.workflow.rules_in_force import RulesInForce
from camcover.workflow.saved_plans import SavedPlans

__all__ = ["Made", "PageSettings", "Pages", "Run", "tag_in"]

_FORM = ["GET", "POST"]
_FRAMED = "/embed/"
"""Below it stand the pages for frames."""

_MOST_ASKED = 20
"""How many languages of a browser are looked at."""

_WRONG_FORM, _FOREIGN, _NOT_FOUND, _TOO_SLOW, _NO_RULES = 400, 403, 404, 408, 503
_TOO_LONG, _NOT_MADE = 422, 501

_KEY_PART = 3
"""Which part of a path is the key of a plan of care that is kept: `/en/e/...`."""


Made = TypeVar("Made")


class Run(Protocol):
    """Runs work that takes a while, in a thread or at once."""

    def __call__(self, work: Callable[[], Made], /) -> Awaitable[Made]:
        """What `work` gives."""


@dataclass(frozen=True, slots=True)
class PageSettings:
    """Settings of the pages: the phone number for help, and the origins whose pages may show `/embed` in a frame.

    `saves`: where plans of care are kept on wish, None = nowhere; `form_seconds`: how long a form may take to come.
    """

    help_phone: str = ""
    frames: tuple[str, ...] = ()
    saves: SavedPlans | None = None
    form_seconds: float = FORM_SECONDS

    def site(self) -> Site:
        """What pages tell of them."""
        return Site(self.help_phone, self.saves.days if self.saves else 0)


class Pages(PageApp):
    """The pages over the active rules, as an ASGI application."""

    def __init__(
        self, rules: RulesInForce, settings: PageSettings, run: Run, today: Callable[[], date] = date.today
    ) -> None:
        """`run` runs what takes a while; `today`: the day on which a first visit is expected."""
        self._rules, self._settings, self._run, self._today = rules, settings, run, today
        routes = self._routes()
        # They hold nothing of a reader.
        self._paths = frozenset(each.path for each in routes)
        super().__init__(routes, self._no_page)

    def named(self, path: str) -> str:
        """A path as logs and figures name it; empty where there is no page: such a path is anybody's text.

        The key of a plan of care that is kept is no part of it.
        """
        parts = path.split("/")
        if len(parts) > _KEY_PART and parts[_KEY_PART - 1] == "e":
            parts[_KEY_PART] = "{key}"
        named = "/".join(parts)
        return named if named in self._paths else ""

    def refused(self, path: str, word: str, status: int) -> Response:
        """The page that says why there is no other at a path: in its language, and in a frame where its page may be."""
        is_framed = _is_framed(path)
        text = html(
            "refused.html",
            tag_in(path),
            layout="framed.html" if is_framed else "base.html",
            back=f"/embed/{tag_in(path)}" if is_framed else f"/{tag_in(path)}/",
            title=f"{word}-title",
            text=word,
            site=self.site(),
        )
        return page(text, status, frame_ancestors=self._framed_by(path))

    def _routes(self) -> list[Route]:
        """Every page in every language; `/` leads to the reader's."""
        found = [Route("/", _to_language), Route("/static/{digest}/{name}", static_file)]
        found += [Route(SCRIPT_PATH, element_script), Route(WORDS_PATH, element_words)]
        for tag in languages():
            found += [
                Route(f"/{tag}", RedirectResponse(f"/{tag}/", 308)),
                Route(f"/{tag}/", self._shown(tag, start_page)),
                Route(f"{_FRAMED}{tag}", self._formed(tag, embed_page), methods=_FORM),
                Route(f"/{tag}/help", self._shown(tag, help_page)),
                Route(f"/{tag}/plan", self._formed(tag, care_page), methods=_FORM),
                Route(f"/{tag}/coverage", self._formed(tag, coverage_page), methods=_FORM),
                Route(f"/{tag}/compare", self._formed(tag, compare_page), methods=_FORM),
                Route(f"/{tag}/cheaper", self._formed(tag, cheaper_page), methods=_FORM),
            ]
            found += [
                Route(f"/{tag}/plan/{each.name}", self._downloaded(tag, each), methods=["POST"]) for each in DOWNLOADS
            ]
            if self._settings.saves is not None:
                found += SavedRoutes(self, self._settings.saves, tag).routes()
        return found

    def _shown(self, tag: str, make: Callable[..., str]) -> Callable[[Request], Awaitable[Response]]:
        """A page without a form of its own."""

        async def answer(request: Request) -> Response:
            return await self._made(request, lambda: make(self._rules.take(), tag, **self._values()))

        return answer

    def _framed_by(self, path: str) -> str:
        """Whose pages may show the page of a path in a frame, as the content security policy has it."""
        return " ".join(self._settings.frames if _is_framed(path) else ()) or "'none'"

    def _formed(self, tag: str, make: Callable[..., str]) -> Callable[[Request], Awaitable[Response]]:
        """A page with a form: as it is first shown, and as it was sent."""

        async def answer(request: Request) -> Response:
            if request.method != "POST":
                return await self._made(request, lambda: make(self._rules.take(), tag, None, **self._values()))
            form = await self.form(request)
            if isinstance(form, Response):
                return form
            part = request.headers.get("hx-request-type") == "partial"
            return await self._made(
                request, lambda: make(self._rules.take(), tag, form, is_part=part, **self._values())
            )

        return answer

    def _downloaded(self, tag: str, file: Download) -> Callable[[Request], Awaitable[Response]]:
        """A file of the care plan that a form has; where there is none, the page with what is wrong."""

        async def answer(request: Request) -> Response:
            form = await self.form(request)
            if isinstance(form, Response):
                return form

            async def made() -> Response:
                today = self._today()
                data = await self.work(lambda tables: file.make(tables, tag, form, today))
                return attachment(data, file.name, file.media_type) if data else await self.care(request, form)

            return await self.told(request, made)

        return answer

    def site(self) -> Site:
        """What the operator has settled."""
        return self._settings.site()

    def today(self) -> date:
        """The day on which a first visit is expected."""
        return self._today()

    async def work(self, make: Callable[[Tables], Made]) -> Made:
        """What `make` gives by the active rules, where `run` puts it. Raises `NoActiveRelease`."""
        return await self._run(lambda: make(self._rules.take()))

    async def care(self, request: Request, form: CareForm) -> Response:
        """The care plan page of a form."""
        return await self._made(
            request, lambda: care_page(self._rules.take(), tag_in(request.url.path), form, **self._values())
        )

    async def told(self, request: Request, answer: Callable[[], Awaitable[Response]]) -> Response:
        """The answer, or the page that says why there is none."""
        path = request.url.path
        try:
            return await answer()
        except NoActiveRelease:
            return self.refused(path, "web-no-rules", _NO_RULES)
        except ExtraMissing:
            return self.refused(path, "web-no-papers", _NOT_MADE)
        except PaperTooLong:
            return self.refused(path, "web-paper-too-long", _TOO_LONG)

    def _values(self) -> dict[str, Any]:
        return {"site": self.site(), "today": self._today()}

    async def _made(self, request: Request, make: Callable[[], str]) -> Response:
        async def answer() -> Response:
            return page(await self._run(make), frame_ancestors=self._framed_by(request.url.path))

        return await self.told(request, answer)

    async def form(self, request: Request) -> CareForm | Response:
        """The form that was sent, or the page that refuses it."""
        path = request.url.path
        if not _is_own(request):
            return self.refused(path, "web-wrong-form", _FOREIGN)
        try:
            return form_of(pairs_of(await body_of(request, seconds=self._settings.form_seconds)))
        except SlowForm:
            response = self.refused(path, "web-wrong-form", _TOO_SLOW)
            # The rest of the form is not waited for.
            response.headers["connection"] = "close"
            return response
        except WrongForm:
            return self.refused(path, "web-wrong-form", _WRONG_FORM)

    async def _no_page(self, request: Request, error: Exception) -> Response:
        """The answer where there is no page, or not by that method of HTTP."""
        status = error.status_code if isinstance(error, HTTPException) else _NOT_FOUND
        return self.refused(request.url.path, "web-not-found", status)


def tag_in(path: str) -> str:
    """The language that a path names (`/es/plan`, `/embed/es`); English where it names none."""
    first = path.removeprefix(_FRAMED if _is_framed(path) else "/").partition("/")[0]
    return first if first in languages() else ENGLISH


def _is_framed(path: str) -> bool:
    """Whether a page is for the frames of others."""
    return path.startswith(_FRAMED)


async def _to_language(request: Request) -> Response:
    """To the start page in the first language that the reader's browser names and there is."""
    asked = [each.partition(";")[0].strip() for each in request.headers.get("accept-language", "").split(",")]
    tag = next((tag for each in asked[:_MOST_ASKED] if (tag := known_tag(each)) is not None), ENGLISH)
    return RedirectResponse(f"/{tag}/", 303, headers={"vary": "Accept-Language", "cache-control": "no-store"})


def _is_own(request: Request) -> bool:
    """Whether a form was sent by one of our own pages, as browsers say; callers that are no browsers say nothing."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host")
