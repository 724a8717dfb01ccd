"""More calls than a service takes, and clients that read nothing or die: others are answered, and places come free."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import grpc
import httpx
import pytest

from chaos.load import SECONDS, Callers, started
from chaos.overload import Outcomes, batch, call, drive
from processes import ENVIRONMENT, SERVICE, address_of, http_of

pytestmark = pytest.mark.processes

UNREAD = Path(__file__).with_name("unread.py")
OPTIONS = ("--database-url", "off", "--http", "127.0.0.1:0")


def wait_for_free_places(http: str) -> None:
    """Return once the service says that nothing runs; it learns of a client's death a moment later."""
    with httpx.Client(base_url=http, timeout=SECONDS, trust_env=False) as client:
        for _ in range(10_000):
            running = re.findall(r"^camcover_calls_running\{.*?\} (\S+)$", client.get("/metrics").text, re.MULTILINE)
            assert running
            if not any(map(float, running)):
                return
    pytest.fail("places are still taken")


def test_ten_times_the_calls_that_are_taken(rules: Path, tmp_path: Path) -> None:
    """Four may run. Each of two hundred that begin at once is answered or refused; then all places are free again."""
    bounds = ("--max-calls", 4, "--max-calls-per-caller", 4)
    with started(tmp_path, "--rules", rules, *OPTIONS, *bounds) as process:
        address, http = address_of(process), http_of(process)

        async def overload() -> tuple[Outcomes, Outcomes]:
            """Two hundred at once, and one once they have ended."""
            async with grpc.aio.insecure_channel(address) as channel:
                crowd = await drive([channel], batch(50), rate=1e6, count=200)
                last = Outcomes([], [], [])
                await call(channel, batch(50), last)
                return crowd, last

        crowd, last = asyncio.run(overload())
        assert crowd.others == []
        assert len(crowd.answered) >= 4
        assert len(crowd.refused) >= 100
        assert len(last.answered) == 1
        wait_for_free_places(http)


def test_clients_that_read_nothing_and_clients_that_die(rules: Path, tmp_path: Path) -> None:
    """One leaves large answers unread, five more are killed while they do so. Nobody else is refused."""
    with started(tmp_path, "--rules", rules, *OPTIONS, "--max-calls", 64, "--max-calls-per-caller", 64) as process:
        address, http = address_of(process), http_of(process)
        variables = ENVIRONMENT | {"PYTHONPATH": f"{SERVICE}:{UNREAD.parents[1]}"}

        def unread() -> subprocess.Popen[str]:
            """A client that has begun and reads nothing."""
            command = [sys.executable, str(UNREAD), address]
            made = subprocess.Popen(command, env=variables, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert made.stdout is not None
            assert made.stdout.readline() == "begun\n"
            return made

        callers = Callers(address)
        with callers.asking():
            slow = unread()
            for _ in range(5):
                callers.wait_for_each()
                dying = unread()
                dying.kill()
                dying.communicate()
            callers.wait_for_each()
            slow.kill()
            slow.communicate()
        assert callers.refused == []
        wait_for_free_places(http)
