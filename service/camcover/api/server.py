"""The server: services, health, reflection, bounds, and a drain that lets calls in flight end.

What comes in: settings and the active rules. What goes out: a listening `grpc.aio` server. Health is SERVING for each
service once rules are active, and NOT_SERVING from the moment a drain begins, or once the process has ceased to follow
the database. A name of its own, `FOLLOWING`, tells whether the process is at one with the database.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import grpc
import structlog
from google.protobuf.descriptor import MethodDescriptor
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from camcover.api.access import Access
from camcover.api.admission import Admission, CallBounds
from camcover.api.catalog_servicer import CatalogServicer
from camcover.api.certificates import Certificates
from camcover.api.connections import end_connections
from camcover.api.defaults import CACHED_BYTES
from camcover.api.estimate_servicer import EstimateServicer
from camcover.api.guarding import CallContext
from camcover.api.intake import Intake, Reader, intakes_of
from camcover.api.interceptors import CallInterceptor
from camcover.api.measures import Measures, sources_of
from camcover.api.pools import Pool, Pools
from camcover.api.rule_servicer import RuleServicer
from camcover.api.store_health import StoreHealth
from camcover.api.telemetry import exporting_of
from camcover.api.warming import set_up_interpreter, warm_rules, warm_up
from camcover.api.worker_process import WorkerProcess
from camcover.gen.camcover.v1 import catalog_service_pb2, estimate_service_pb2, rule_service_pb2
from camcover.gen.camcover.v1.catalog_service_pb2_grpc import add_CatalogServiceServicer_to_server
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import add_EstimateServiceServicer_to_server
from camcover.gen.camcover.v1.rule_service_pb2_grpc import add_RuleServiceServicer_to_server
from camcover.store import EstimateStore, NoStore
from camcover.workflow.following import Following
from camcover.workflow.rules_in_force import RulesInForce

__all__ = ["FOLLOWING", "Server", "Settings", "Storage", "UnaryMethod"]

_DESCRIPTORS = (
    estimate_service_pb2.DESCRIPTOR.services_by_name["EstimateService"],
    catalog_service_pb2.DESCRIPTOR.services_by_name["CatalogService"],
    rule_service_pb2.DESCRIPTOR.services_by_name["RuleService"],
)
*SERVICES, RULE_SERVICE = (each.full_name for each in _DESCRIPTORS)

_CONNECTION_GRACE_SECONDS = 300
"""How long calls may go on over a connection that has been asked to end."""

_STREAMS_OF_CONNECTION = 1_000
"""Calls at once over one connection; more wait at the client."""

_UNSEEN_CALLS = 8_000
"""Calls that gRPC holds until the service looks at them. It breaks off what comes beyond, without a word; of itself it
begins to do so at 1,000."""

_LAST_SECONDS = 1.0
"""How long clients may take to notice that their connection has ended."""

FOLLOWING = "camcover.following"
"""The name under which health says whether this process answers by its database's active release."""

_STATUS = health_pb2.HealthCheckResponse

_LOG = structlog.get_logger("camcover.server")


@dataclass(frozen=True, slots=True)
class Settings:
    """Listen address and resource limits. Sizes in bytes, times in seconds.

    `maximum_streams` bounds streams of estimates and, once more, those who watch; `maximum_answer_bytes` what the large
    answers to calls take from the moment they are asked for until they are sent. A stream that is silent for
    `stream_idle_seconds` ends. A connection is asked to end after `connection_age_seconds`, and is ended five minutes
    later. `shares_port`: other processes listen on the same one. `maximum_rate_of_caller`: calls a second, 0 for no
    bound. `reflects`: clients may ask for services and methods.
    """

    listen: str = "127.0.0.1:50051"
    maximum_message_bytes: int = 16 << 20
    maximum_calls: int = 256
    maximum_calls_of_caller: int = 128
    maximum_streams: int = 256
    maximum_streams_of_caller: int = 64
    stream_idle_seconds: float = 300.0
    connection_age_seconds: int = 3600
    drain_seconds: float = 20.0
    keepalive_seconds: int = 60
    shares_port: bool = False
    cached_estimate_bytes: int = CACHED_BYTES
    maximum_answer_bytes: int = 256 << 20
    maximum_answer_bytes_of_caller: int = 128 << 20
    maximum_rate_of_caller: float = 0.0
    burst_of_caller: int = 100
    reflects: bool = True

    def bounds(self) -> CallBounds:
        """How many calls run at once."""
        return CallBounds(
            self.maximum_calls,
            self.maximum_calls_of_caller,
            self.maximum_streams,
            self.maximum_streams_of_caller,
            self.maximum_answer_bytes,
            self.maximum_answer_bytes_of_caller,
            self.maximum_rate_of_caller,
            self.burst_of_caller,
        )

    def options(self) -> list[tuple[str, int]]:
        """The same as channel arguments of gRPC."""
        return [
            ("grpc.max_receive_message_length", self.maximum_message_bytes),
            # A batch's answer is larger than its question by the lines it explains.
            ("grpc.max_send_message_length", -1),
            ("grpc.keepalive_time_ms", self.keepalive_seconds * 1000),
            ("grpc.keepalive_timeout_ms", 20_000),
            ("grpc.max_connection_age_ms", self.connection_age_seconds * 1000),
            ("grpc.max_connection_age_grace_ms", _CONNECTION_GRACE_SECONDS * 1000),
            ("grpc.max_connection_idle_ms", self.connection_age_seconds * 1000),
            ("grpc.max_concurrent_streams", _STREAMS_OF_CONNECTION),
            ("grpc.server.max_pending_requests", _UNSEEN_CALLS),
            ("grpc.server.max_pending_requests_hard_limit", _UNSEEN_CALLS),
            ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
            ("grpc.so_reuseport", int(self.shares_port)),
        ]


class Storage(NamedTuple):
    """Where estimates are kept, and whether the server answers by the active release of the database (`follows`)."""

    estimates: EstimateStore = NoStore()
    follows: bool = False


class UnaryMethod(NamedTuple):
    """A method with one request and one answer: its descriptor, how its messages are read, and the servicer's own."""

    descriptor: MethodDescriptor
    intake: Intake
    call: Callable[[Any, Any], Awaitable[Any]]


class Server:
    """A server of active rules and a database: start it, wait for it, drain it."""

    def __init__(
        self,
        rules: RulesInForce,
        storage: Storage,
        settings: Settings | None = None,
        access: Access | None = None,
        *,
        certificates: Certificates | None = None,
    ) -> None:
        """Put the services together; nothing listens yet. To be called inside the event loop that will serve.

        Without `certificates` connections are not encrypted.
        """
        self._settings = settings or Settings()
        self._certificates = certificates
        self._health = health.aio.HealthServicer()
        self._admission, self._measures = Admission(self._settings.bounds()), Measures()
        self._pools, self._worker_process = Pools(), WorkerProcess()
        self._intakes = intakes_of(_DESCRIPTORS, self._settings.maximum_message_bytes)
        self._guard = CallInterceptor(
            self._admission,
            self._intakes,
            self._pools.reading,
            access or Access(),
            idle_seconds=self._settings.stream_idle_seconds,
            measures=self._measures,
        )
        self._server = grpc.aio.server(interceptors=[self._guard], options=self._settings.options())
        estimates = EstimateServicer(rules, storage.estimates, self._pools, self._settings.cached_estimate_bytes)
        self._staff = RuleServicer(
            rules, self._worker_process, self._pools.staff, storage.estimates, follows=storage.follows
        )
        caches = {"estimates": estimates.counts} | ({"releases": rules.releases.counts} if rules.releases else {})
        self._measures.look_up(sources_of(self, self._admission, caches))
        self._exporting = exporting_of(self._measures)
        add_EstimateServiceServicer_to_server(estimates, self._server)
        add_RuleServiceServicer_to_server(self._staff, self._server)
        catalog = CatalogServicer(rules, self._pools.looking_up)
        add_CatalogServiceServicer_to_server(catalog, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if self._settings.reflects:
            names = (*SERVICES, RULE_SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server)
        self._rules, self._storage = rules, storage
        self._are_warm = False
        self._following = Following.AT_ONE
        self._behind_since: float | None = None
        self._store = StoreHealth(storage.estimates, self._report_soon)
        self._is_draining = False
        self._end_is_asked = asyncio.Event()
        self._listens_at = 0
        self._states: dict[str, bool] = {}
        self._methods = self._unary_methods((estimates, catalog, self._staff))
        self._reports: set[asyncio.Task[None]] = set()

    @property
    def admission(self) -> Admission:
        """What admits calls, and counts those that run."""
        return self._admission

    @property
    def measures(self) -> Measures:
        """The figures of the service."""
        return self._measures

    @property
    def reading(self) -> Pool:
        """Where large messages are read."""
        return self._pools.reading

    @property
    def pages(self) -> Pool:
        """Where pages are made."""
        return self._pools.pages

    @property
    def estimates(self) -> EstimateStore:
        """Where estimates are kept."""
        return self._storage.estimates

    @property
    def staff(self) -> tuple[Pool, WorkerProcess]:
        """Where the database is asked for staff, and where rule files are read."""
        return self._pools.staff, self._worker_process

    @property
    def following(self) -> Following:
        """How well the database is followed."""
        return self._following

    @property
    def rule_release(self) -> str:
        """The active release's id; empty when none is active."""
        return self._rules.release

    @property
    def is_draining(self) -> bool:
        """Whether new calls are refused."""
        return self._is_draining

    def serving(self) -> Mapping[str, bool]:
        """What health says: whether each service is SERVING, by its name; the server as a whole under the empty one."""
        return {name: is_well and not self._is_draining for name, is_well in self._states.items()}

    def has_failed(self) -> bool:
        """Whether the process is to be started anew, since it no longer follows its database."""
        return self._following is Following.ENDED

    @property
    def methods(self) -> Mapping[str, UnaryMethod]:
        """Every method with one request and one answer, by its gRPC path."""
        return self._methods

    def _unary_methods(self, servicers: Sequence[object]) -> Mapping[str, UnaryMethod]:
        """The methods of servicers, which are in the order of `_DESCRIPTORS`."""
        return {
            f"/{service.full_name}/{each.name}": UnaryMethod(
                each, self._intakes[f"/{service.full_name}/{each.name}"], getattr(servicer, each.name)
            )
            for service, servicer in zip(_DESCRIPTORS, servicers, strict=True)
            for each in service.methods
            if not (each.client_streaming or each.server_streaming)
        }

    async def answer(
        self, path: str, metadata: tuple[tuple[str, str | bytes], ...], *, reader: Reader, context: CallContext
    ) -> None:
        """Answer a call of one of `methods` that came another way than by gRPC, guarded as those are.

        `reader` reads its message. Raises `grpc.aio.AbortError` where `context.abort` has ended the call.
        """
        call = self._methods[path].call
        await self._guard.answer(path, metadata, reader=reader, call=call, context=context)

    def add_handler(self, handler: grpc.GenericRpcHandler) -> None:
        """Serve further methods; to be called before `start`."""
        self._server.add_generic_rpc_handlers((handler,))

    async def start(self) -> int:
        """Listen; gives the port. Raises RuntimeError when the address cannot be bound."""
        warm_up(each.input_type for service in _DESCRIPTORS for each in service.methods)
        await asyncio.to_thread(self._storage.estimates.warm)
        self._warm_rules()
        self._listens_at = port = self._port()
        set_up_interpreter()
        await self._server.start()
        await self.report_health()
        self._rules.listen(self._report_soon)
        self._store.start()
        host = self._settings.listen.rpartition(":")[0]
        _LOG.info("listening", address=f"{host}:{port}", rule_release=self._rules.release)
        return port

    def _warm_rules(self) -> None:
        """Price once by the first rules that are active, before health says so."""
        if self._rules.tables is not None and not self._are_warm:
            self._are_warm = True
            warm_rules(self._rules.tables)

    def _port(self) -> int:
        """Take the port. Raises RuntimeError when the address cannot be bound."""
        if self._certificates is None:
            return int(self._server.add_insecure_port(self._settings.listen))
        return int(self._server.add_secure_port(self._settings.listen, self._certificates.grpc_credentials()))

    def _report_soon(self) -> None:
        """Schedule a health report: the active rules or the availability of the store have changed."""
        task = asyncio.create_task(self.report_health())
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)

    def report_following(self, state: Following) -> None:
        """Let health tell how well the database is followed."""
        self._following = state
        if state is Following.AT_ONE:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = time.monotonic()
        self._report_soon()

    def following_lag_seconds(self) -> float:
        """For how long this process has been known not to be at one with its database; 0: it is."""
        return 0.0 if self._behind_since is None else time.monotonic() - self._behind_since

    async def report_health(self) -> None:
        """Set what is SERVING; staff are served without rules and without a store.

        Estimates need active rules and a store that can be used, the catalog and the server as a whole the rules alone:
        no restart brings a store back. A process that has ceased to follow its database is to be started anew: nothing
        of it is SERVING.
        """
        goes_on = self._following is not Following.ENDED
        self._warm_rules()
        has_rules = goes_on and self._rules.tables is not None
        can_keep = has_rules and self._store.is_available()
        estimates, catalog = SERVICES
        self._states = {"": has_rules, estimates: can_keep, catalog: has_rules, RULE_SERVICE: goes_on}
        if self._storage.follows:
            self._states[FOLLOWING] = self._following is Following.AT_ONE
        for name, is_well in tuple(self._states.items()):
            await self._health.set(name, _serving(is_well=is_well))

    async def drain(self) -> None:
        """Report NOT_SERVING, refuse new calls with UNAVAILABLE, and let those in flight end within the settings' time.

        The port stays open meanwhile: what is on its way is told so, where a closed one would break it off. What comes
        at the very end meets a closed port or the end of its connection, which is UNAVAILABLE as well.
        """
        if self._is_draining:
            return
        self._is_draining = True
        seconds = self._settings.drain_seconds
        _LOG.info("draining", seconds=seconds)
        await self._health.enter_graceful_shutdown()
        self._staff.end_watches()
        await self._admission.end(seconds)
        end_connections(self._listens_at)
        await self._server.stop(min(_LAST_SECONDS, seconds))
        self._worker_process.close()
        self._pools.close()
        await self._store.stop()
        if self._exporting is not None:
            await asyncio.to_thread(self._exporting.close)
        _LOG.info("stopped")

    def heed_signals(self) -> None:
        """Take SIGTERM and SIGINT as the wish to drain; one that comes before `wait` is kept for it."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end_is_asked.set)

    async def wait(self) -> None:
        """Serve until a signal asks to drain (`heed_signals`)."""
        await self._end_is_asked.wait()
        await self.drain()


def _serving(*, is_well: bool) -> int:
    """The status of a service."""
    found: int = _STATUS.SERVING if is_well else _STATUS.NOT_SERVING
    return found
