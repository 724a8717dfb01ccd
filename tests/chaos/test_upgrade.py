"""Two versions of the service on one database while it is upgraded: the one before, from the history, and this one.

The one before is the last release (protos/breaking.py). Where the history has none, it is the commit before the newest
migration; CAMCOVER_CHAOS_AGAINST names another. It runs from its sources, with the packages of this one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from runpy import run_path

import grpc
import pytest

from camcover.gen.camcover.v1 import estimate_pb2, estimate_service_pb2
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub
from camcover.store.schema import HEAD
from chaos.load import SECONDS, Callers, started, wait_for_release
from processes import ENVIRONMENT, address_of
from small_rules import CATALOG, COPAY_PLAN, question

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = "service/camcover/store/schema.py"


def git(*arguments: str) -> str:
    """What git says of this repository; empty where it says nothing, or there is no history."""
    command = [shutil.which("git") or "git", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def earlier() -> str:
    """The revision of the version before; empty where the history has none."""
    last_release: Callable[[Path], str] = run_path(str(ROOT / "protos" / "breaking.py"))["last_release"]
    newest = git("log", "-1", "--format=%H", "-G^HEAD = ", "--", SCHEMA)
    return os.environ.get("CAMCOVER_CHAOS_AGAINST") or last_release(ROOT) or f"{newest}~1"


class Version:
    """The sources of a version, as a service and as commands."""

    def __init__(self, sources: Path, url: str) -> None:
        """Run `sources` on a database."""
        self._variables = {"PYTHONPATH": str(sources), "CAMCOVER_DATABASE_URL": url, "CAMCOVER_USER": "ana"}

    def run(self, *arguments: object) -> str:
        """What a command prints; it has to end well."""
        done = self._ran(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def reproduces(self, name: str) -> bool:
        """Whether an estimate comes out the same, but for its words."""
        said = self._ran("reproduce", name).stderr
        return "the same to the byte" in said or "every figure is the same" in said

    def _ran(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "camcover", *map(str, arguments)]
        return subprocess.run(command, env=ENVIRONMENT | self._variables, capture_output=True, text=True, check=False)

    def put_live(self, rules: Path) -> str:
        """Publish and activate rules; gives the release's id."""
        said = self.run("rules", "publish", rules, "--message", "other rules")
        release = said.split()[1].strip(":")
        self.run("rules", "activate", release)
        return release

    @contextmanager
    def serving(self, folder: Path) -> Iterator[subprocess.Popen[str]]:
        """A service of this version."""
        folder.mkdir()
        with started(folder, variables=self._variables) as process:
            yield process


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources of the version before, with their generated modules."""
    folder = tmp_path_factory.mktemp("earlier")
    packed = folder / "sources.tar"
    git("archive", "--output", str(packed), earlier(), "service", "protos", "rules")
    if not packed.exists():
        pytest.skip("the history has no version before")
    shutil.unpack_archive(packed, folder, filter="data")
    subprocess.run([sys.executable, folder / "protos" / "generate.py"], check=True)
    return folder / "service"


def test_two_versions_on_one_database(sources: Path, empty_url: str, rules: Path, tmp_path: Path) -> None:
    """The tables are upgraded under the old one, and both answer the same request ids with the same bytes.

    Whatever the old one kept is read and computed again by the new one. The old one, once ended, does not start again.
    """
    old, new = Version(sources, empty_url), Version(ROOT / "service", empty_url)
    # Keys of the catalog that version 0.1.0 does not know, and that none of the calls needs.
    (rules / "catalog.yaml").write_text(CATALOG.partition("modifiers:")[0], encoding="utf-8")
    # The first estimate of a version compiles its kernel; callers would not wait as long.
    (tmp_path / "request.json").write_text(json.dumps(question()), encoding="utf-8")
    old.run("estimate", tmp_path / "request.json", "--rules", rules)
    old.run("db", "upgrade")
    first = old.put_live(rules)
    with ExitStack() as stack:
        old_address = address_of(stack.enter_context(old.serving(tmp_path / "old")))
        wait_for_release(old_address, first)
        olds = Callers(old_address)
        with olds.asking():
            olds.wait_for_each()
            kept = [estimate_pb2.Estimate.FromString(each) for each in [*olds.answered.values()][:3]]
            new.run("db", "upgrade")
            olds.wait_for_each()
            new_address = address_of(stack.enter_context(new.serving(tmp_path / "new")))
            wait_for_release(new_address, first)
            news = Callers(new_address)
            with news.asking():
                news.wait_for_each()
                (rules / "copay.yaml").write_text(COPAY_PLAN.replace("copay: $20", "copay: $30"), encoding="utf-8")
                second = new.put_live(rules)
                for address in (old_address, new_address):
                    wait_for_release(address, second)
                olds.wait_for_each()
                news.wait_for_each()
        # Each version asked for the ids that the other was asked for as well.
        assert {code for code, _ in olds.refused + news.refused} <= {grpc.StatusCode.UNAVAILABLE}
        olds.ask_again(new_address, most=500)
        news.ask_again(old_address, most=500)
        with grpc.insecure_channel(new_address) as channel:
            stub = EstimateServiceStub(channel)
            for each in kept:
                request = estimate_service_pb2.GetEstimateRequest(name=each.name)
                assert stub.GetEstimate(request, timeout=SECONDS) == each
    for each in kept:
        assert new.reproduces(each.name)
    new.run("audit", "verify")
    if f'HEAD = "{HEAD}"' not in (sources / "camcover" / "store" / "schema.py").read_text(encoding="utf-8"):
        with old.serving(tmp_path / "again") as process:
            assert process.wait(2 * SECONDS) == 1
        assert "newer than this version's" in (tmp_path / "again" / "log").read_text(encoding="utf-8")


def test_an_upgrade_that_is_killed_at_any_statement(empty_url: str) -> None:
    """The database has its first revision as if nothing had happened; the one run that is not killed has the newest."""
    command = [sys.executable, str(Path(__file__).with_name("killed_upgrade.py")), empty_url]
    variables = ENVIRONMENT | {"PYTHONPATH": f"{ROOT / 'service'}:{ROOT / 'tests'}"}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *killed, last = map(json.loads, done.stdout.splitlines())
    assert len(killed) >= 50
    assert all(each == {"killed": True, "revision": "0001"} for each in killed)
    assert last == {"killed": False, "revision": HEAD}
