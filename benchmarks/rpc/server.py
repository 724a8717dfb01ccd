"""The service with one more method: an echo that reads the same request and answers the same estimate, made beforehand.

`python server.py DATABASE` serves the shipped rules on a free port of the loopback and prints the port; SIGTERM ends
it.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import nullcontext
from typing import Any

import grpc

from camcover.api.estimates import estimate_message
from camcover.api.requests import estimate_request
from camcover.api.server import Server, Settings, Storage
from camcover.cli.logs import configure_logs
from camcover.gen.camcover.v1 import estimate_pb2, request_pb2
from camcover.store import estimate_store, open_database
from camcover.store.checkpoints import checkpoints_apart
from camcover.store.database import SERVING_SECONDS
from camcover.workflow.pricing import price
from camcover.workflow.rules_in_force import RulesInForce
from questions import shipped_tables, twelve_sessions

ECHO = "/benchmark.Echo/EstimatePlan"


class Echo(grpc.GenericRpcHandler):
    """Answers every request with the one estimate."""

    def __init__(self, answer: estimate_pb2.Estimate) -> None:
        """Keep the answer."""

        async def echo(_request: request_pb2.EstimatePlanRequest, _context: Any) -> estimate_pb2.Estimate:
            return answer

        self._handler = grpc.unary_unary_rpc_method_handler(
            echo, request_pb2.EstimatePlanRequest.FromString, estimate_pb2.Estimate.SerializeToString
        )

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        """The handler of the echo's own method; none of any other."""
        return self._handler if details.method == ECHO else None


async def serve(database: str) -> None:
    """Serve until SIGTERM."""
    tables = shipped_tables()
    answer = estimate_message(price(tables, estimate_request(twelve_sessions())), "")
    opened = None if database == "off" else open_database(database, SERVING_SECONDS)
    # The same request comes again and again: what is measured is pricing it, not remembering it.
    settings = Settings(listen="127.0.0.1:0", cached_estimate_bytes=0)
    server = Server(RulesInForce(tables), Storage(estimate_store(opened)), settings)
    server.add_handler(Echo(answer))
    server.heed_signals()
    with nullcontext() if opened is None else checkpoints_apart(opened):
        port = await server.start()
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        await server.wait()


if __name__ == "__main__":
    configure_logs()
    asyncio.run(serve(sys.argv[1]))
