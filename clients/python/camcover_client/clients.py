"""The clients: a channel with retries, deadlines and bounds, and the three services over it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import grpc
import grpc.aio

from camcover_client.calls import AsyncCalls, Calls, Token
from camcover_client.services import (
    AsyncCatalogService,
    AsyncEstimateService,
    AsyncRuleService,
    CatalogService,
    EstimateService,
    RuleService,
)

__all__ = ["AsyncClient", "Client", "Settings"]

_LOCAL = {"localhost", "127.0.0.1", "[::1]"}

_PACKAGE = "camcover.v1"
_ONCE = ("ActivateRelease", "SwitchFourEyes", "StreamEstimates")
"""Methods that are not tried again: doing them twice is not doing them once, or what was sent is gone."""


_LEAST_WAIT, _MOST_ATTEMPTS = 0.01, 5


@dataclass(frozen=True, slots=True)
class Settings:
    """How a client calls.

    `timeout`: seconds that a call may take with all its tries, unless it has its own. `attempts`: tries of a call that
    the service could not take (UNAVAILABLE); between two there are `first_wait` to `longest_wait` seconds, doubled each
    time, with jitter. `largest_answer`: bytes.
    """

    timeout: float = 10.0
    attempts: int = 4
    first_wait: float = 0.1
    longest_wait: float = 2.0
    largest_answer: int = 64 << 20
    options: tuple[tuple[str, str | int], ...] = field(default=())

    def __post_init__(self) -> None:
        """Raise ValueError for settings that gRPC does not keep: it loses calls that wait for a millisecond or less."""
        if not _LEAST_WAIT <= self.first_wait <= self.longest_wait or not 1 <= self.attempts <= _MOST_ATTEMPTS:
            raise ValueError(
                f"expected waits from {_LEAST_WAIT} s on, the first the shorter, and 1 to 5 attempts: {self}"
            )

    def channel_options(self) -> list[tuple[str, str | int]]:
        """The options of a channel of gRPC."""
        return [
            ("grpc.service_config", json.dumps(self._service_config())),
            ("grpc.enable_retries", 1),
            ("grpc.max_receive_message_length", self.largest_answer),
            ("grpc.max_send_message_length", -1),
            *self.options,
        ]

    def _service_config(self) -> dict[str, object]:
        """Retries by the service config of gRPC, which adds the jitter."""
        services = [f"{_PACKAGE}.{name}" for name in ("EstimateService", "CatalogService", "RuleService")]
        policy = {
            "maxAttempts": self.attempts,
            "initialBackoff": f"{self.first_wait}s",
            "maxBackoff": f"{self.longest_wait}s",
            "backoffMultiplier": 2,
            "retryableStatusCodes": ["UNAVAILABLE"],
        }
        once = [{"service": name, "method": method} for name in services for method in _ONCE]
        retried: list[dict[str, object]] = [{"name": [{"service": name} for name in services]}]
        if self.attempts > 1:
            retried[0]["retryPolicy"] = policy
        return {
            "methodConfig": [{"name": once}, *retried],
            "retryThrottling": {"maxTokens": 20, "tokenRatio": 0.1},
        }


class Client:
    """A client whose calls block. Safe to use from several threads."""

    def __init__(
        self,
        address: str,
        *,
        token: Token = None,
        credentials: grpc.ChannelCredentials | None = None,
        insecure: bool = False,
        settings: Settings | None = None,
    ) -> None:
        """Call the service at `address` (HOST:PORT).

        `token`: the bearer token, or a function that gives the present one. `credentials`: those of the channel
        (`grpc.ssl_channel_credentials()`). Without them the channel is in plain text, which another machine gets only
        with `insecure`. Raises ValueError otherwise.
        """
        settings = settings or Settings()
        _check_plain(address, credentials, insecure=insecure)
        options = settings.channel_options()
        self._channel = (
            grpc.insecure_channel(address, options)
            if credentials is None
            else grpc.secure_channel(address, credentials, options)
        )
        calls = Calls(self._channel, token, settings.timeout)
        self.estimates = EstimateService(calls)
        self.catalog = CatalogService(calls)
        self.rules = RuleService(calls)

    def close(self) -> None:
        """Close the channel; calls in flight end."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient:
    """A client of an event loop."""

    def __init__(
        self,
        address: str,
        *,
        token: Token = None,
        credentials: grpc.ChannelCredentials | None = None,
        insecure: bool = False,
        settings: Settings | None = None,
    ) -> None:
        """Call the service at `address`; the parameters are those of `Client`. Raises ValueError."""
        settings = settings or Settings()
        _check_plain(address, credentials, insecure=insecure)
        options = settings.channel_options()
        self._channel = (
            grpc.aio.insecure_channel(address, options)
            if credentials is None
            else grpc.aio.secure_channel(address, credentials, options)
        )
        calls = AsyncCalls(self._channel, token, settings.timeout)
        self.estimates = AsyncEstimateService(calls)
        self.catalog = AsyncCatalogService(calls)
        self.rules = AsyncRuleService(calls)

    async def close(self) -> None:
        """Close the channel; calls in flight end."""
        await self._channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _check_plain(address: str, credentials: grpc.ChannelCredentials | None, *, insecure: bool) -> None:
    """Raise ValueError where health data would go to another machine in plain text."""
    is_local = address.startswith("unix:") or address.removeprefix("dns:///").rpartition(":")[0] in _LOCAL
    if credentials is None and not insecure and not is_local:
        raise ValueError(f"{address}: expected credentials (TLS); insecure=True sends health data in plain text")
