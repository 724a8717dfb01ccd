"""The paths of plans of care that patients keep: keeping one, seeing it, its papers, deleting it.

What comes in: a form, or a key in a path. What goes out: pages and papers. The key alone opens a plan, so no page of
it is kept by caches or found by search engines, and the log has the path without the key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from camcover.engine import Tables
from camcover.web.asking import answered
from camcover.web.downloads import PAPERS, Download
from camcover.web.forms import CareForm
from camcover.web.rendering import Site, attachment, page
from camcover.web.saved_page import saved_page, saved_paper
from camcover.workflow.pricing import price
from camcover.workflow.saved_plans import SavedPlans

__all__ = ["Frame", "SavedRoutes"]

_NOT_FOUND, _OK, _SEE_OTHER = 404, 200, 303
_UNFOUND = {"x-robots-tag": "noindex"}
"""For search engines, where somebody publishes an address."""

Made = TypeVar("Made")


class Frame(Protocol):
    """What the pages have that these paths need."""

    def site(self) -> Site:
        """What the operator has settled."""

    def today(self) -> date:
        """The day on which a first visit is expected."""

    async def work(self, make: Callable[[Tables], Made]) -> Made:
        """What `make` gives by the active rules, where work that takes a while is done. Raises `NoActiveRelease`."""

    async def form(self, request: Request) -> CareForm | Response:
        """The form that was sent, or the page that refuses it."""

    async def care(self, request: Request, form: CareForm) -> Response:
        """The care plan page of a form."""

    async def told(self, request: Request, answer: Callable[[], Awaitable[Response]]) -> Response:
        """The answer, or the page that says why there is none."""

    def refused(self, path: str, word: str, status: int) -> Response:
        """The page that says why there is no other at a path."""


class SavedRoutes:
    """The paths in one language."""

    def __init__(self, frame: Frame, saves: SavedPlans, tag: str) -> None:
        """Keep by `saves`; answer within `frame`."""
        self._frame, self._saves, self._tag = frame, saves, tag

    def routes(self) -> list[Route]:
        """All of them."""
        one = f"/{self._tag}/e/{{key}}"
        return [
            Route(f"/{self._tag}/plan/keep", self._keep, methods=["POST"]),
            Route(one, self._show),
            Route(f"{one}/delete", self._delete, methods=["POST"]),
            *(Route(f"{one}/{each.name}", self._paper(each)) for each in PAPERS),
        ]

    async def _keep(self, request: Request) -> Response:
        """Keep the plan of care of a form, and lead to its page; where the form has a fault, show that."""
        form = await self._frame.form(request)
        if isinstance(form, Response):
            return form

        async def kept() -> Response:
            today = self._frame.today()
            found, _ = await self._frame.work(lambda tables: answered(form.chosen(), tables, today, price))
            if found is None:
                return await self._frame.care(request, form)
            key = await self._saves.keep(found.request, found.answer, self._tag)
            return RedirectResponse(f"/{self._tag}/e/{key}", _SEE_OTHER, headers={"cache-control": "no-store"})

        return await self._frame.told(request, kept)

    async def _show(self, request: Request) -> Response:
        """The page of a plan that is kept."""
        key = request.path_params["key"]

        async def shown() -> Response:
            saved = await self._saves.find(key)
            if saved is None:
                return self._gone(request)
            site = self._frame.site()
            response = page(await self._frame.work(lambda tables: saved_page(tables, self._tag, saved, key, site=site)))
            response.headers.update(_UNFOUND)
            return response

        return await self._frame.told(request, shown)

    def _paper(self, file: Download) -> Callable[[Request], Awaitable[Response]]:
        """The route to the letter or the summary of a plan of care that is kept."""

        async def answer(request: Request) -> Response:
            async def printed() -> Response:
                saved = await self._saves.find(request.path_params["key"])
                if saved is None:
                    return self._gone(request)
                data = await self._frame.work(lambda _: saved_paper(saved, self._tag, file.name))
                return attachment(data, file.name, file.media_type) if data else self._gone(request)

            return await self._frame.told(request, printed)

        return answer

    async def _delete(self, request: Request) -> Response:
        """Delete a plan, and say so."""
        form = await self._frame.form(request)
        if isinstance(form, Response):
            return form
        is_erased = await self._saves.erase(request.path_params["key"])
        path = request.url.path
        return self._frame.refused(path, "web-saved-deleted", _OK) if is_erased else self._gone(request)

    def _gone(self, request: Request) -> Response:
        """The page where nothing is kept."""
        return self._frame.refused(request.url.path, "web-saved-gone", _NOT_FOUND)
