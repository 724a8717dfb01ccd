"""The Python client as a user gets it: its wheel, built from the tracked files; README's examples against a server."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from camcover.api.errors import overloaded, refused
from camcover.api.server import Server, Settings, Storage
from camcover.engine import compile_rules
from camcover.gen.camcover.v1 import estimate_pb2, request_pb2, rule_service_pb2
from camcover.refusals import Refusal
from camcover.rulebook import load
from camcover.store import estimate_store, open_database
from camcover.workflow.rules_in_force import RulesInForce

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "clients" / "python"
RULES = [ROOT / "rules" / "catalog", ROOT / "rules" / "payers" / "original-medicare"]
ESTIMATE = "/camcover.v1.EstimateService/EstimatePlan"
ACTIVATE = "/camcover.v1.RuleService/ActivateRelease"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The package of the wheel, built from a copy of its sources."""
    copy = tmp_path_factory.mktemp("client")
    shutil.copytree(
        CLIENT, copy / "clients" / "python", ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
    )
    shutil.copytree(ROOT / "protos", copy / "protos", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "service" / "camcover").mkdir(parents=True)
    shutil.copy(ROOT / "service" / "camcover" / "refusals.py", copy / "service" / "camcover")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    done = subprocess.run(
        [*pip, "--wheel-dir", copy, copy / "clients" / "python"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = copy.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(copy / "installed")
    sys.path.insert(0, str(copy / "installed"))
    import camcover_client  # noqa: PLC0415 - it is there only now

    yield camcover_client
    sys.path.remove(str(copy / "installed"))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server over the shipped rules of Original Medicare, in a thread of this process."""
    loaded = load(*RULES)
    assert loaded.rules is not None
    rules = RulesInForce(compile_rules(loaded.rules))
    listening: list[str] = []
    is_up, loop = threading.Event(), asyncio.new_event_loop()

    async def start() -> Server:
        database = open_database("sqlite://")
        server = Server(rules, Storage(estimate_store(database)), Settings(listen="127.0.0.1:0", drain_seconds=5))
        listening.append(f"127.0.0.1:{await server.start()}")
        return server

    def run() -> None:
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(start())
        is_up.set()
        loop.run_forever()
        loop.run_until_complete(server.drain())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    is_up.wait()
    yield listening[0]
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


def test_the_examples_of_the_readme(client: Any, address: str) -> None:
    """Each block prints what stands beside its `print`: six visits of 40.00 are less than the deductible of 283.00."""
    assert client.Client
    readme = (CLIENT / "README.md").read_text(encoding="utf-8").replace("localhost:50051", address)
    printed: list[str] = []
    names: dict[str, Any] = {"print": lambda *words: printed.extend(" ".join(map(str, words)).split())}
    blocks = re.findall(r"```python\n(.+?)```", readme, re.DOTALL)
    assert len(blocks) == 4
    for block in blocks:
        printed.clear()
        exec(block, names)  # noqa: S102 - README's own words
        stated = [words for line in re.findall(r"print\(.*#(.+)", block) for words in line.split()]
        assert sorted(printed) == sorted(stated)


class Scripted(grpc.GenericRpcHandler):
    """A server that answers calls by a script: a status for each refusal, then an estimate."""

    def __init__(self, *refusals: Status) -> None:
        """Refuse so many calls first."""
        self.left = list(refusals)
        self.asked: list[bytes] = []
        self.metadata: list[dict[str, Any]] = []

    def service(self, _details: Any) -> Any:
        """One handler for all methods."""

        def answer(request: bytes, context: Any) -> bytes:
            self.asked.append(request)
            self.metadata.append(dict(context.invocation_metadata()))
            if self.left:
                status = self.left.pop(0)
                context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
                codes = {code.value[0]: code for code in grpc.StatusCode}
                context.abort(codes[status.code], status.message)
            return estimate_pb2.Estimate(name="estimates/1").SerializeToString()

        return grpc.unary_unary_rpc_method_handler(answer)


@pytest.fixture
def scripted() -> Iterator[Callable[..., tuple[Scripted, str]]]:
    """Starts servers with a script."""
    servers = []

    def start(*refusals: Status) -> tuple[Scripted, str]:
        handler = Scripted(*refusals)
        server = grpc.server(ThreadPoolExecutor(2), handlers=[handler])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
        return handler, f"127.0.0.1:{port}"

    yield start
    for server in servers:
        server.stop(None).wait()


AWAY = refused(Refusal.STORE_UNAVAILABLE, "away; try again later", [RetryInfo(retry_delay=Duration(nanos=250_000_000))])


def quick(client: Any, **others: Any) -> Any:
    """Settings that wait hundredths of a second between tries."""
    return client.Settings(first_wait=0.02, longest_wait=0.02, **others)


def test_a_call_is_tried_again_under_one_request_id(client: Any, scripted: Any) -> None:
    """Three refusals, then the answer. The caller's request has no id, and gets none."""
    handler, address = scripted(AWAY, AWAY, AWAY)
    request = client.messages.EstimatePlanRequest(plan_id="p")
    with client.Client(address, token=lambda: "secret", settings=quick(client)) as calling:
        assert calling.estimates.estimate_plan(request).name == "estimates/1"
    ids = {request_pb2.EstimatePlanRequest.FromString(each).request_id for each in handler.asked}
    assert len(handler.asked) == 4
    assert len(ids) == 1
    assert len(ids.pop()) == 36
    assert request.request_id == ""
    assert {each["authorization"] for each in handler.metadata} == {"Bearer secret"}


def test_what_is_not_the_same_twice_is_tried_once(client: Any, scripted: Any) -> None:
    handler, address = scripted(AWAY, AWAY)
    with client.Client(address, settings=quick(client)) as calling:
        with pytest.raises(client.Unavailable) as caught:
            calling.rules.activate_release(client.messages.ActivateReleaseRequest(roll_back=True, reason="x"))
        assert (len(handler.asked), caught.value.reason, caught.value.retry_after) == (1, "STORE_UNAVAILABLE", 0.25)


@pytest.mark.parametrize("wrong", [{"first_wait": 0.001}, {"longest_wait": 0.05}, {"attempts": 0}, {"attempts": 6}])
def test_settings_that_grpc_does_not_keep_are_refused(client: Any, wrong: dict[str, float]) -> None:
    """With waits of a millisecond its retries end in the deadline, now and then."""
    with pytest.raises(ValueError, match="expected waits from"):
        client.Settings(**wrong)


def test_an_id_of_the_caller_stays(client: Any, scripted: Any) -> None:
    handler, address = scripted()
    with client.Client(address) as calling:
        calling.estimates.estimate_plan(client.messages.EstimatePlanRequest(request_id="mine"))
    assert request_pb2.EstimatePlanRequest.FromString(handler.asked[0]).request_id == "mine"


@pytest.mark.parametrize("code", [each for each in grpc.StatusCode if each is not grpc.StatusCode.OK])
def test_every_status_is_an_exception(client: Any, code: grpc.StatusCode) -> None:
    error = client.error_of(Status(code=code.value[0], message="no"))
    assert isinstance(error, client.CamcoverError)
    assert (error.code, error.message, error.reason, error.violations) == (code.name, "no", "", ())


def test_overload_tells_when_to_try_again(client: Any, scripted: Any) -> None:
    handler, address = scripted(overloaded(3))
    with client.Client(address, settings=quick(client)) as calling, pytest.raises(client.ResourceExhausted) as caught:
        calling.estimates.estimate_plan(client.messages.EstimatePlanRequest())
    assert (caught.value.reason, caught.value.retry_after, len(handler.asked)) == (client.Reason.OVERLOADED, 3.0, 1)


async def test_refusals_in_an_event_loop(client: Any, address: str) -> None:
    """Of a call, of a stream, and where nobody listens."""
    async with client.AsyncClient(address) as calling:
        with pytest.raises(client.InvalidArgument) as caught:
            await calling.estimates.estimate_plan(client.messages.EstimatePlanRequest())
        assert "plan_id" in {each.field for each in caught.value.violations}

        async def requests() -> Any:
            yield client.messages.EstimatePlanRequest(plan_id="no")

        async for each in calling.estimates.stream_estimates(requests()):
            assert client.error_of(each.error).code == "INVALID_ARGUMENT"
        with pytest.raises(client.Unauthenticated) as shut_out:
            await calling.rules.switch_four_eyes(client.messages.SwitchFourEyesRequest())
        assert shut_out.value.reason == client.Reason.TOKENS_NEEDED
        watching = calling.rules.watch_releases(client.messages.WatchReleasesRequest())
        assert (await anext(watching)).release.startswith("rules-")
        await watching.aclose()
    async with client.AsyncClient("127.0.0.1:1", settings=client.Settings(attempts=1, timeout=30)) as nowhere:
        with pytest.raises(client.Unavailable) as away:
            await nowhere.catalog.list_plans(client.messages.ListPlansRequest())
        assert away.value.reason == ""


def test_a_deadline_ends_a_call(client: Any) -> None:
    """Of a service that takes the connection and says nothing: an answer could be faster than any deadline."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with client.Client(address) as calling, pytest.raises(client.DeadlineExceeded):
            calling.catalog.list_plans(client.messages.ListPlansRequest(), timeout=0.2)


def test_other_machines_are_not_called_in_plain_text(client: Any) -> None:
    for address in ("camcover.example:443", "localhost.example:443", "10.0.0.1:50051"):
        for kind in (client.Client, client.AsyncClient):
            with pytest.raises(ValueError, match="expected credentials"):
                kind(address)
    client.Client("camcover.example:443", insecure=True).close()
    client.Client("camcover.example:443", credentials=grpc.ssl_channel_credentials()).close()
    client.Client("dns:///localhost:1").close()


def test_every_method_of_the_contract_is_there(client: Any) -> None:
    from camcover_client import services  # noqa: PLC0415 - built by the fixture

    assert client.messages
    for service in rule_service_pb2.DESCRIPTOR.services_by_name.values():
        for method in service.methods:
            name = re.sub(r"(?<!^)(?=[A-Z])", "_", method.name).lower()
            assert callable(getattr(services.RuleService, name))
            assert callable(getattr(services.AsyncRuleService, name))


def test_reasons_are_those_of_the_service(client: Any) -> None:
    assert {each.name for each in client.Reason} == {each.name for each in Refusal}


def test_clients_and_service_have_one_version() -> None:
    versions = {
        tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
        for folder in (ROOT, CLIENT)
    }
    node = json.loads((ROOT / "clients" / "node" / "package.json").read_text(encoding="utf-8"))
    assert versions == {node["version"]}
