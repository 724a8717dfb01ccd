"""`camcover serve --http` as a process: it announces both addresses, drains both, and says what is wrong."""

from __future__ import annotations

import json
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from processes import Process, address_of, end, forked_service, http_of, serving
from small_rules import question

pytestmark = pytest.mark.processes

ESTIMATE = "/camcover.v1.EstimateService/EstimatePlan"


@pytest.fixture
def server(rules: Path) -> Iterator[tuple[Process, str]]:
    """A service over the small rules, and where it is asked over HTTP."""
    options = ("--rules", rules, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--database-url", "off")
    with serving(*options) as process:
        address_of(process)
        yield process, http_of(process)
        end(process)


def test_asked_over_http_and_drained(server: Any) -> None:
    """Callers ask on until the service ends: each call is answered, or told to go elsewhere."""
    process, url = server
    have_begun = threading.Barrier(9)

    def ask_on() -> list[int]:
        statuses: list[int] = []
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
            while not statuses or statuses[-1] == 200:
                answer = client.post(ESTIMATE, json=question())
                statuses.append(answer.status_code)
                assert answer.status_code in {200, 503}
                if len(statuses) == 3:
                    have_begun.wait(60)
        return statuses

    with ThreadPoolExecutor(8) as callers:
        asking = [callers.submit(ask_on) for _ in range(8)]
        have_begun.wait(60)
        process.send_signal(signal.SIGTERM)
        outcomes = [each.result(60) for each in asking]
    _, log = process.communicate(timeout=60)
    assert process.returncode == 0
    assert {each[-1] for each in outcomes} == {503}
    events = [json.loads(line) for line in log.splitlines()]
    assert {each["event"] for each in events} == {"listening", "listening for http", "call", "draining", "stopped"}
    calls = [each["code"] for each in events if each["event"] == "call"]
    assert (calls.count("OK"), calls.count("UNAVAILABLE")) == (sum(len(each) - 1 for each in outcomes), 8)


def test_workers_share_both_ports(rules: Path) -> None:
    options = ("--rules", rules, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--workers", "2")
    with forked_service(*options, "--database-url", "off") as process:
        address_of(process)
        answer = httpx.post(http_of(process) + ESTIMATE, json=question(), trust_env=False, timeout=60)
        assert answer.json()["totals"]["patient_cents"] == 6080
        assert process.stderr is not None
        have_begun = 0
        while have_begun < 2:
            have_begun += json.loads(process.stderr.readline())["event"] == "listening for http"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_an_address_that_is_taken(rules: Path, workers: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        address = f"127.0.0.1:{held.getsockname()[1]}"
        options = ("--rules", rules, "--listen", "127.0.0.1:0", "--http", address, "--workers", workers)
        with forked_service(*options, "--database-url", "off") as process:
            _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    expected = f"cannot listen on {address}; the address is taken, or this machine does not have it"
    assert expected in said.splitlines()


def test_an_address_that_others_reach_needs_consent(run: Any) -> None:
    refused = run("serve", "--http", "0.0.0.0:0", "--rules", "rules")
    assert refused.exit_code == 2
    said = " ".join(refused.output.replace("│", " ").split())
    assert "other machines would send health data there unencrypted" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--http", "here"], "--http here: expected HOST:PORT with a port from 0 to 65535"),
        (["--http-origins", "https://portal.example"], "--http-origins needs --http"),
        (
            ["--http", "127.0.0.1:0", "--http-origins", "https://a.example, https://b.example/"],
            "--http-origins https://b.example/: expected an origin as browsers write it",
        ),
    ],
)
def test_options_that_are_none(run: Any, options: list[str], said: str) -> None:
    refused = run("serve", *options, "--rules", "rules")
    assert refused.exit_code == 2
    assert said in " ".join(refused.output.replace("│", " ").split())
