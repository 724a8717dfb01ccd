"""The pages for staff as an ASGI application: who may see which page, and what every form has to prove.

The order of the checks of a form: its origin, the session, the proof of the session, the role. Only then is anything
done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from camcover.errors import CamcoverError
from camcover.web.forms import SlowForm, WrongForm, body_of, fields_of
from camcover.web.page_app import PageApp
from camcover.web.staff import (
    access_page,
    audit_page,
    books_page,
    decision_page,
    draft_editor,
    draft_tables_page,
    drafts_page,
    estimates_page,
    impact_part,
    plans_page,
    releases_page,
    schedule_page,
    strip_part,
    tests_page,
    today_page,
    try_page,
)
from camcover.web.staff.frame import ROOT, framed, open_page
from camcover.web.staff.provider_pages import LEAVING, RETURN, begin_at_provider, come_back, signed_out
from camcover.web.staff.signing_in import (
    SIGNED_OUT,
    cookie_of,
    is_proven,
    is_sent_from_here,
    proof_of,
    sign_in,
    sign_in_page,
    sign_out,
)
from camcover.web.staff.visits import StaffPage, StaffSite, Visit
from camcover.web.static_files import static_file
from camcover.workflow.release_history import History, history
from camcover.workflow.staff_sessions import SignedIn, found

__all__ = ["STAFF_PAGES", "StaffPages"]

STAFF_PAGES: tuple[StaffPage, ...] = (
    *today_page.PAGES,
    *plans_page.PAGES,
    *decision_page.PAGES,
    *draft_tables_page.PAGES,
    *tests_page.PAGES,
    *releases_page.PAGES,
    *drafts_page.PAGES,
    *draft_editor.PAGES,
    *impact_part.PAGES,
    *schedule_page.PAGES,
    *estimates_page.PAGES,
    *try_page.PAGES,
    *audit_page.PAGES,
    *books_page.PAGES,
    *access_page.PAGES,
    *strip_part.PAGES,
)
"""All pages but the sign-in."""

_OUTSIDE = (
    "This form came from another site, or from a page of an earlier sign-in. Nothing was changed. Load the page again."
)
_AGAIN = "after-sign-in"
"""A field of forms that come again after a new sign-in. Such a form does nothing: it is shown, with a proof."""

_MOST_KEPT = 256 << 10
"""Bytes of a form that is kept over the end of a session."""

_MAY_NOT = "{subject} may not do this: it needs the role {role}. Nothing was changed."


class StaffPages(PageApp):
    """The pages of one site, as an ASGI application."""

    def __init__(self, site: StaffSite, pages: Sequence[StaffPage] = STAFF_PAGES) -> None:
        """Serve `pages` over `site`."""
        self._site = site
        self._routes = self._all_routes(pages)
        super().__init__(self._routes, _no_page)

    def refused(self, _path: str, _word: str, status: int) -> Response:
        """The page that says why there is no other: too much is asked at once."""
        return _refusal("Too many people ask at once. Try again in a moment.", status)

    def named(self, path: str) -> str:
        """The page of a path as logs and figures name it, without what stands in it for a release or a plan.

        Empty where there is no page: such a path is anybody's text.
        """
        return next((each.path for each in self._routes if each.path_regex.match(path)), "")

    def _all_routes(self, pages: Sequence[StaffPage]) -> list[Route]:
        """Every page by its path."""
        made = [
            Route("/static/{digest}/{name}", static_file),
            Route(f"{ROOT}/", RedirectResponse(ROOT, 308)),
            Route(f"{ROOT}/sign-in", self._sign_in, methods=["GET", "POST"]),
            Route(f"{ROOT}{LEAVING}", self._open(begin_at_provider)),
            Route(f"{ROOT}{RETURN}", self._open(come_back)),
            Route(f"{ROOT}{SIGNED_OUT}", self._open(signed_out)),
            Route(f"{ROOT}/sign-out", self._page(StaffPage("/sign-out")), methods=["POST"]),
        ]
        for each in pages:
            methods = [name for name, does in (("GET", each.show), ("POST", each.do)) if does is not None]
            made.append(Route(f"{ROOT}{each.path}", self._page(each), methods=methods))
        return made

    async def _sign_in(self, request: Request) -> Response:
        return await self._answered(
            None,
            lambda: (
                sign_in(self._site, request)
                if request.method == "POST"
                else _at_once(sign_in_page(self._site, request.query_params.get("to", "")))
            ),
        )

    def _open(
        self, does: Callable[[StaffSite, Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """What answers for a page of somebody who is not signed in."""

        async def answer(request: Request) -> Response:
            return await self._answered(None, lambda: does(self._site, request))

        return answer

    def _page(self, page: StaffPage) -> Callable[[Request], Awaitable[Response]]:
        """What answers the requests for one page."""

        async def answer(request: Request) -> Response:
            return await self._answered(None, lambda: self._visited(request, page))

        return answer

    async def _visited(self, request: Request, page: StaffPage) -> Response:
        """The answer to somebody who may be signed in."""
        is_form = request.method == "POST"
        if is_form and not is_sent_from_here(request):
            return _refusal(_OUTSIDE, 403)
        cookie = cookie_of(request)
        signed_in, told = await self._site.look(_arrived, self._site, cookie)
        if signed_in is None:
            has_form = is_form and cookie and page.show is not None
            return await self._over(request, page) if has_form else self._to_sign_in(request)
        visit = Visit(
            site=self._site,
            signed_in=signed_in,
            proof=proof_of(cookie),
            history=told,
            here=page.path,
            path=request.path_params,
            query=dict(request.query_params),
        )
        does = page.do if is_form else page.show
        if not is_form:
            return await self._answered(visit, lambda: does(visit) if does else _at_once(_refusal("", 405)))
        return await self._answered(visit, lambda: self._done(request, page, visit, cookie))

    async def _done(self, request: Request, page: StaffPage, visit: Visit, cookie: str) -> Response:
        """What the form of a page does, once it may."""
        try:
            pairs = fields_of(await body_of(request, page.most_bytes, self._site.form_seconds))
        except WrongForm as error:
            status = 408 if isinstance(error, SlowForm) else 400
            return framed(visit, "refused.html", "Form not read", status=status, said=f"Nothing was changed: {error}.")
        form: dict[str, tuple[str, ...]] = {}
        for name, value in pairs:
            form[name] = (*form.get(name, ()), value)
        visit = replace(visit, form=form)
        is_own = is_proven(cookie, visit.sent("proof"))
        if not is_own and _AGAIN in form:
            return framed(visit, "again.html", "Signed in again", status=403, sent=_kept(pairs))
        if not is_own:
            return framed(visit, "refused.html", "Form refused", status=403, said=_OUTSIDE)
        if page.path == "/sign-out":
            return await sign_out(self._site, cookie)
        if not visit.person.may(page.needs):
            said = _MAY_NOT.format(subject=visit.person.subject, role=page.needs)
            return framed(visit, "refused.html", "Not allowed", status=403, said=said)
        return await page.do(visit) if page.do else _refusal("", 405)

    async def _over(self, request: Request, page: StaffPage) -> Response:
        """The page after the end of a session: it has what was sent, to be sent again once somebody has signed in.

        A larger form than `_MOST_KEPT` of somebody who is not signed in is not read.
        """
        try:
            pairs = fields_of(await body_of(request, min(page.most_bytes, _MOST_KEPT), self._site.form_seconds))
        except WrongForm:
            return self._to_sign_in(request)
        path = request.url.path
        return open_page("over.html", "Your session is over", status=401, path=path, sent=_kept(pairs), again=_AGAIN)

    def _to_sign_in(self, request: Request) -> Response:
        """To the sign-in, and from there to the page; a form's page where what was sent is lost."""
        path = request.url.path
        query = f"?{request.url.query}" if request.url.query and request.method == "GET" else ""
        to = quote(f"{path}{query}", safe="/")
        return RedirectResponse(f"{ROOT}/sign-in?to={to}", 303, headers={"cache-control": "no-store"})

    async def _answered(self, visit: Visit | None, answer: Callable[[], Awaitable[Response]]) -> Response:
        """An answer; where a use case refuses, the page that says so in its words."""
        try:
            return await answer()
        except CamcoverError as error:
            told = self._site.door.refusal(error)
            if told is None:
                raise
            status, said = told
            if visit is None:
                return _refusal(said, status)
            return framed(visit, "refused.html", "Not possible", status=status, said=said)


def _arrived(site: StaffSite, cookie: str) -> tuple[SignedIn | None, History]:
    """Whose session a cookie is, and what the database says of its active release."""
    store = site.releases.store
    with store.reading() as ledger:
        told = history(ledger)
    return (found(store, cookie, site.door, site.now()) if cookie else None), told


def _kept(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What was sent, without what proves it."""
    return [(name, value) for name, value in pairs if name not in {"proof", _AGAIN}]


async def _at_once(response: Response) -> Response:
    return response


def _refusal(said: str, status: int) -> Response:
    return open_page("refused_openly.html", "Not possible", status=status, said=said or "There is no such page.")


async def _no_page(_request: Request, error: Exception) -> Response:
    """The answer where there is no page, or not by that method of HTTP."""
    return _refusal("There is no such page.", error.status_code if isinstance(error, HTTPException) else 404)
