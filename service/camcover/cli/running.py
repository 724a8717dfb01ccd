"""One server process: its database opened, its rules read or followed, served until it is asked to end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
import typer
from sqlalchemy.exc import SQLAlchemyError

from camcover.api.access import Access, WrongTokens
from camcover.api.certificates import CertificateFiles, Certificates, WrongCertificates
from camcover.api.credentials import OidcSettings
from camcover.api.followed_prices import FollowedPrices
from camcover.api.server import Server, Settings, Storage
from camcover.api.staff_door import StaffDoor
from camcover.api.stored_lookup import StoredEstimateDesk
from camcover.cli.compiling import compiled_rules
from camcover.cli.opening import cannot_open
from camcover.cli.price_files import unusable_told
from camcover.cli.reloading import Reloader
from camcover.cli.watching import Watcher
from camcover.extras import is_installed
from camcover.store import Database, DatabaseError, EstimateStore, Keeping, ReleaseStore, estimate_store, open_database
from camcover.store.checkpoints import checkpoints_apart
from camcover.store.database import SERVING_SECONDS
from camcover.workflow.following import Follower
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce

if TYPE_CHECKING:
    from camcover.api.access_tokens import AccessTokens
    from camcover.api.page_saves import PageSaves
    from camcover.api.provider_sign_in import ProviderSignIn
    from camcover.http.port import HttpPort
    from camcover.web.staff.app import StaffPages

__all__ = ["OFF", "HttpOptions", "ServerOptions", "cannot_listen", "guards", "run_server", "staff_pages_of"]

OFF = "off"
"""The address of no database: nothing is kept."""

_LOG = structlog.get_logger("camcover.server")


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """The address of HTTP, and the origins that may call it; `is_plain`: it is never encrypted.

    `pages`, `staff_pages`: whether those for patients, and those for staff, are served there; `frames`: the origins
    whose pages may show the former in a frame; `help_phone`: the number that they name for help; `page_saves`: how
    many days they keep a plan of care on wish, 0 = none is kept; `impact_book`: the members for those for staff.
    """

    listen: str
    origins: tuple[str, ...] = ()
    is_plain: bool = False
    pages: bool = False
    staff_pages: bool = True
    frames: tuple[str, ...] = ()
    help_phone: str = ""
    page_saves: int = 0
    impact_book: Path | None = None


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """The options of a server process. Without `rules` it follows the database.

    `folder`: where the processes of one service share compiled releases. `prices`: a file of prices by provider.
    """

    rules: tuple[Path, ...]
    database_url: str
    keeping: Keeping
    tokens: Path | None
    settings: Settings
    certificates: CertificateFiles | None = None
    oidc: OidcSettings | None = None
    watches: bool = False
    folder: Path | None = None
    http: HttpOptions | None = None
    prices: Path | None = None


def cannot_listen(address: str) -> str:
    """The message for an address that cannot be listened on."""
    return f"cannot listen on {address}; the address is taken, or this machine does not have it"


def run_server(options: ServerOptions, on_ready: Callable[[str, str], object]) -> int:
    """Serve; `on_ready` gets the address, and that of HTTP, if any. Prints faults and gives the exit status."""
    access, certificates = guards(options)
    try:
        database = None if options.database_url == OFF else open_database(options.database_url, SERVING_SECONDS)
    except (DatabaseError, SQLAlchemyError) as error:
        typer.echo(cannot_open(options.database_url, error), err=True)
        return 1
    try:
        with nullcontext() if database is None else checkpoints_apart(database):
            return asyncio.run(_serve(options, access, certificates, database=database, on_ready=on_ready))
    finally:
        if database is not None:
            database.close()


def guards(options: ServerOptions) -> tuple[Access, Certificates | None]:
    """The callers and the certificate. Prints the faults of their files, and ends with status 1."""
    try:
        access = Access(options.tokens, access_tokens=_access_tokens(options.oidc))
        certificates = None if options.certificates is None else Certificates(options.certificates)
    except (WrongTokens, WrongCertificates) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    if access.knows_certificates and not (certificates and certificates.asks_clients):
        typer.echo(f"{options.tokens}: [[certificate]] tables need --tls-client-ca", err=True)
        raise typer.Exit(1)
    return access, certificates


def _access_tokens(settings: OidcSettings | None) -> AccessTokens | None:
    """What judges the access tokens of an identity provider, where there is one."""
    if settings is None:
        return None
    from camcover.api.access_tokens import AccessTokens  # noqa: PLC0415 - it imports joserfc, which an extra brings

    return AccessTokens(settings)


async def _serve(
    options: ServerOptions,
    access: Access,
    certificates: Certificates | None,
    *,
    database: Database | None,
    on_ready: Callable[[str, str], object],
) -> int:
    """Start, announce the address, and wait for the end."""
    releases = None if database is None else ReleaseRules(ReleaseStore(database), options.folder)
    rules = RulesInForce(releases=releases, prices=_followed(options.prices))
    storage = Storage(estimate_store(database, options.keeping), follows=not options.rules)
    server = Server(rules, storage, options.settings, access, certificates=certificates)
    async with AsyncExitStack() as stack:
        reloader = Reloader(options.rules)
        stack.push_async_callback(reloader.stop)
        if options.watches:
            # The watch begins before the files are read, so that no save is missed.
            watcher = Watcher(options.rules, lambda: reloader.ask(rules))
            await watcher.start()
            stack.push_async_callback(watcher.stop)
        if options.rules:
            rules.activate(compiled_rules(list(options.rules)))
        if releases is not None and not options.rules:
            follower = Follower(rules, releases, server.report_following)
            await follower.start()
            stack.push_async_callback(follower.stop)
        # Signals are heeded before the first port opens, so that a service which is ended at once drains, too.
        server.heed_signals()
        try:
            port = await server.start()
        except RuntimeError:
            typer.echo(cannot_listen(options.settings.listen), err=True)
            return 1
        http = ""
        if options.http is not None:
            saves = _page_saves(server, rules, storage.estimates, options.http.page_saves)
            beside = _http_port(
                server, rules, options, http=options.http, access=access, certificates=certificates, saves=saves
            )
            try:
                http = await beside.start()
            except OSError:
                typer.echo(cannot_listen(options.http.listen), err=True)
                await server.drain()
                return 1
            if saves is not None:
                saves.start()
                stack.push_async_callback(saves.stop)
            # It stops after the server has drained. Until then, a call on its port is told why it is refused.
            stack.push_async_callback(beside.stop)
        _read_anew_on_hangup(rules, reloader, access)
        on_ready(f"{options.settings.listen.rpartition(':')[0]}:{port}", http)
        await server.wait()
    return 0


def _followed(prices: Path | None) -> FollowedPrices | None:
    """The prices of a file as it stands. Ends the program with status 2 where it is none."""
    if prices is None:
        return None
    with unusable_told():
        return FollowedPrices(prices)


def _page_saves(server: Server, rules: RulesInForce, store: EstimateStore, days: int) -> PageSaves | None:
    """Where pages keep plans of care; None where they keep none."""
    if not days:
        return None
    from camcover.api.page_saves import PageSaves  # noqa: PLC0415 - few services keep any

    return PageSaves(rules, store, server.pages, days)


def _http_port(
    server: Server,
    rules: RulesInForce,
    options: ServerOptions,
    *,
    http: HttpOptions,
    access: Access,
    certificates: Certificates | None,
    saves: PageSaves | None,
) -> HttpPort:
    """The port of HTTP, with pages where they are asked for."""
    # They import Starlette, which only an extra brings.
    from camcover.http.port import HttpPort  # noqa: PLC0415
    from camcover.web.app import Pages, PageSettings  # noqa: PLC0415

    settings = PageSettings(http.help_phone, http.frames, saves)
    return HttpPort(
        server,
        http.listen,
        shares_port=options.settings.shares_port,
        origins=http.origins,
        certificates=None if http.is_plain else certificates,
        connection_seconds=options.settings.connection_age_seconds,
        pages=Pages(rules, settings, server.pages.run) if http.pages else None,
        staff=staff_pages_of(
            server, rules, access, impact_book=http.impact_book, folder=options.folder, oidc=options.oidc
        )
        if http.staff_pages and not options.rules
        else None,
    )


def staff_pages_of(
    server: Server,
    rules: RulesInForce,
    access: Access,
    *,
    impact_book: Path | None = None,
    folder: Path | None = None,
    oidc: OidcSettings | None = None,
) -> StaffPages | None:
    """The pages for staff, where there are releases to look at and tokens to sign in by.

    `impact_book`: the file of members that the operator lets staff price under two sets of rules; `folder`: what the
    processes of one service share; `oidc`: the identity provider, by which staff may sign in.
    """
    # They import Starlette, which only an extra brings, and what only these pages need.
    from camcover.api.impact_jobs import ImpactJobs  # noqa: PLC0415
    from camcover.web.staff.app import StaffPages  # noqa: PLC0415
    from camcover.web.staff.visits import StaffSite  # noqa: PLC0415
    from camcover.workflow.impact.job_files import ImpactFiles  # noqa: PLC0415

    if rules.releases is None or not access.asks:
        return None
    pool, worker = server.staff
    desk = StoredEstimateDesk(rules, server.estimates)
    impacts = None
    if is_installed("bulk"):
        impacts = ImpactJobs(ImpactFiles(folder / "impacts" if folder else None), impact_book)
    site = StaffSite(
        rules,
        rules.releases,
        StaffDoor(access),
        desk,
        pool.run,
        worker.run,
        lambda: server.following,
        impacts=impacts,
        provider=_sign_in(access, oidc),
    )
    return StaffPages(site)


def _sign_in(access: Access, oidc: OidcSettings | None) -> ProviderSignIn | None:
    """What signs staff in by the identity provider, where the settings name a client."""
    if oidc is None or oidc.sign_in is None or access.access_tokens is None:
        return None
    from camcover.api.provider_sign_in import ProviderSignIn  # noqa: PLC0415 - it imports joserfc, which an extra brings

    return ProviderSignIn(oidc, oidc.sign_in, access.access_tokens)


def _read_anew_on_hangup(rules: RulesInForce, reloader: Reloader, access: Access) -> None:
    """On SIGHUP read rule files and tokens again."""

    def read() -> None:
        reloader.ask(rules)
        try:
            access.reload()
        except WrongTokens as error:
            _LOG.error("tokens not reloaded", reason=str(error))

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, read)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
