"""A server of its own that is called three times; prints what its first call ran that its third did not.

As `tests/api/test_warming.py` runs it: with the path of a database. Each call has a request id and is kept; no answer
comes from the cache.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from types import CodeType, FrameType
from typing import Any

import grpc
from google.protobuf.json_format import ParseDict
from sqlalchemy import text

from camcover.api import validation, warming
from camcover.api.server import Server, Settings, Storage
from camcover.engine.kernel.call import _entry
from camcover.gen.camcover.v1 import request_pb2
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub
from camcover.store import Database, Keeping, estimate_store, open_database
from camcover.workflow.rules_in_force import RulesInForce
from small_rules import question, tables

ran: set[CodeType] = set()


def note(frame: FrameType, event: str, _: Any) -> None:
    """What the profiler calls for each function."""
    if event == "call":
        ran.add(frame.f_code)


def names(codes: set[CodeType], part: str) -> list[str]:
    """Functions of files whose path has a part."""
    return sorted(
        f"{code.co_filename.rpartition(part)[2]}: {code.co_qualname}" for code in codes if part in code.co_filename
    )


def count(database: Database) -> int:
    """How many estimates are kept."""
    with database.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM estimates")).scalar_one())


async def main(file: str) -> None:
    """Serve, call, compare, print."""
    checked: set[str] = set()
    plain = validation._VALIDATOR.collect_violations

    class Noting:
        def collect_violations(self, message: Any) -> Any:
            checked.add(message.DESCRIPTOR.full_name)
            return plain(message)

    validation._VALIDATOR = Noting()  # type: ignore[assignment]
    database = open_database(f"sqlite:///{file}")
    store = estimate_store(database, Keeping.FULL)
    rules = RulesInForce(tables=tables())
    server = Server(rules, Storage(store), Settings("127.0.0.1:0", cached_estimate_bytes=0))
    threading.setprofile(note)
    port = await server.start()
    before, modules = set(checked), set(sys.modules)
    runs: list[set[CodeType]] = []
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        await channel.channel_ready()
        for number in range(3):
            request = ParseDict(
                question(request_id=f"call-{number}"),
                request_pb2.EstimatePlanRequest(),
            )
            ran.clear()
            sys.setprofile(note)
            await EstimateServiceStub(channel).EstimatePlan(request)
            sys.setprofile(None)
            runs.append(set(ran))
    only_first = runs[0] - runs[1] - runs[2]
    kernels = _entry.cache_info()
    question_type: Any = request_pb2.EstimatePlanRequest.DESCRIPTOR
    asked = set(warming._with_parts([question_type]))
    told = {
        "functions": len(runs[0]),
        "libraries": names({code for code in only_first if "/asyncio/" not in code.co_filename}, "site-packages/"),
        "own": names(only_first, "/camcover/"),
        "imported": sorted(set(sys.modules) - modules),
        "kernels": [kernels.misses, "numba" in sys.modules],
        "unchecked": sorted({each.full_name for each in asked} - before),
        "estimates": count(database),
    }
    await server.drain()
    print(json.dumps(told))  # noqa: T201 - what the test reads


asyncio.run(main(sys.argv[1]))
