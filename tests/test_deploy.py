"""Files of deploy/ hold together, and name nothing that the service does not have.

`make deploy-checks` renders the chart, and `make image-steps` runs the steps of the image.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from camcover.cli import app
from camcover.cli.settings import declared_settings, variable_of

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
FILES = ["Containerfile", "compose.yaml", "camcover.service", "try_image.sh"]
UNIT = DEPLOY / "camcover.service"


def text(name: str) -> str:
    """A file of deploy/."""
    return (DEPLOY / name).read_text(encoding="utf-8")


def compose() -> dict[str, Any]:
    """The compose file, its anchors resolved."""
    return dict(yaml.safe_load(text("compose.yaml")))


@pytest.mark.parametrize("name", FILES)
def test_every_variable_of_ours_is_a_setting(name: str) -> None:
    serve: Any = get_command(app).commands["serve"]  # type: ignore[attr-defined]
    known = {variable_of(key) for key in declared_settings(serve)}
    assert set(re.findall(r"\bCAMCOVER_[A-Z_]+", text(name))) <= known


def test_the_kernel_is_compiled_for_the_processors_that_it_runs_on() -> None:
    """Machine code fits only a process that names the same processor."""
    wanted = {"NUMBA_CPU_NAME=generic", "NUMBA_CPU_FEATURES="}
    for name in ("image.sh", *FILES[:1], *FILES[2:]):
        assert set(re.findall(r"NUMBA_CPU_[A-Z]+=[a-z]*", text(name))) == wanted, name


def test_an_image_runs_the_steps_that_are_tried() -> None:
    steps = re.findall(r"image\.sh\"? (wheel|install|compile)", text("Containerfile"))
    assert steps == ["wheel", "install", "compile"]
    assert re.findall(r"image\.sh\" (\w+)", text("try_image.sh")) == steps


def test_an_image_is_built_of_all_that_the_package_needs() -> None:
    given = [line[1:] for line in text("Containerfile.dockerignore").splitlines() if line.startswith("!")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for needed in (
        project["readme"],
        *project["license-files"],
        "setup.py",
        "pyproject.toml",
        "service",
        "rules",
        "protos",
    ):
        assert needed in given
        assert (ROOT / needed).exists()


def test_containers_have_no_rights_and_fixed_versions() -> None:
    services = compose()["services"]
    assert set(services) == {"database", "upgrade", "service", "collector"}
    for name in ("upgrade", "service"):
        assert services[name]["read_only"]
        assert services[name]["cap_drop"] == ["ALL"]
    assert all(each.startswith("127.0.0.1:") for each in services["service"]["ports"])
    images = [services[name]["image"] for name in ("database", "collector")]
    assert all(re.fullmatch(r"[a-z./-]+:[0-9.]+", image) for image in images)
    assert "USER 10001" in text("Containerfile")


def test_the_collector_takes_what_the_service_sends() -> None:
    collector = yaml.safe_load(text("collector.yaml"))
    port = collector["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"].rpartition(":")[2]
    assert compose()["services"]["service"]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"] == f"http://collector:{port}"
    for pipeline in collector["service"]["pipelines"].values():
        for kind in ("receivers", "processors", "exporters"):
            assert set(pipeline[kind]) <= set(collector[kind])


def test_the_chart_has_the_version_of_the_package() -> None:
    chart = yaml.safe_load(text("helm/camcover/Chart.yaml"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert chart["appVersion"] == project["version"]


ANALYZE = shutil.which("systemd-analyze") or ""


@pytest.mark.skipif(not ANALYZE, reason="systemd is not installed")
def test_systemd_takes_the_unit_and_finds_it_confined(tmp_path: Path) -> None:
    """Exposure of 2.0 at most, of 10; code has to be made executable, so that one of the locks is left out."""
    unit = tmp_path / UNIT.name
    unit.write_text(
        UNIT.read_text(encoding="utf-8").replace("/opt/camcover/bin/camcover", "/bin/true"), encoding="utf-8"
    )
    for words in (["verify"], ["security", "--offline=yes", "--threshold=20"]):
        done = subprocess.run([ANALYZE, *words, unit], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
