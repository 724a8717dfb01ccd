"""A plain install: everything but extras works without them, and what needs one says how to install it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from camcover.extras import EXTRAS, ExtraMissing, extra_named

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "rules"

NO_PYARROW = "PyArrow is not installed: pip install 'camcover[bulk]'\n"

WITHOUT_EXTRAS = """
import sys
http = ("starlette", "uvicorn", "httptools", "prometheus_client")
for name in ("pyarrow", "pandas", "pyspark", "opentelemetry", "joserfc", "cryptography", "typst", *http):
    sys.modules[name] = None  # importing it raises ModuleNotFoundError
sys.argv = ["camcover", *sys.argv[1:]]
from camcover.cli import main
main()
"""


def run(*arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
    """`camcover` where no extra is installed; its kernel runs uncompiled."""
    changed = {"PYTHONPATH": str(ROOT / "service"), "NUMBA_DISABLE_JIT": "1"} | more
    command = [sys.executable, "-c", WITHOUT_EXTRAS, *map(str, arguments)]
    return subprocess.run(command, env=os.environ | changed, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A file in the place of a book."""
    file = tmp_path / "book.parquet"
    file.touch()
    return file


def test_the_extras_are_those_of_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert EXTRAS.keys() == extras.keys()
    for extra, package in EXTRAS.items():
        assert any(each.startswith(package) for each in extras[extra])
        assert not any(each.startswith(package) for each in project["dependencies"])


@pytest.mark.processes
def test_a_request_is_priced_without_extras() -> None:
    """The sums of tests/cli/test_demo.py."""
    result = run("estimate", ROOT / "docs" / "examples" / "request.json", "--rules", RULES)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["totals"]["patient_cents"] == 32_400


@pytest.mark.processes
def test_the_server_starts_without_extras() -> None:
    """As far as a database that cannot be opened."""
    result = run("serve", "--listen", "127.0.0.1:0", "--database-url", "sqlite:////no/such/folder/file")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("cannot open the database sqlite:////no/such/folder/file: ")


@pytest.mark.processes
@pytest.mark.parametrize("command", [["bulk", "estimate"], ["book", "generate"], ["rules", "impact"]])
def test_commands_that_need_pyarrow_say_so(command: list[str], book: Path) -> None:
    given = {
        "bulk": [book, book.parent / "plans.parquet", "--rules", RULES],
        "book": [book.parent / "made.parquet", "--rules", RULES],
        "rules": [RULES, RULES, "--book", book],
    }
    result = run(*command, *given[command[0]])
    assert (result.returncode, result.stdout, result.stderr) == (2, "", NO_PYARROW)


@pytest.mark.processes
def test_letters_that_need_typst_say_so(tmp_path: Path) -> None:
    request = ROOT / "docs" / "examples" / "request.json"
    result = run("letter", request, "--rules", RULES, "-o", tmp_path / "letter.pdf")
    said = "Typst is not installed: pip install 'camcover[letters]'\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", said)


@pytest.mark.processes
def test_serving_with_metrics_that_cannot_be_sent_is_refused() -> None:
    result = run("serve", "--rules", RULES, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:4317")
    said = "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: pip install 'camcover[telemetry]'\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", said)


@pytest.mark.processes
def test_serving_by_an_identity_provider_without_its_library_is_refused() -> None:
    options = ("--rules", RULES, "--oidc-issuer", "https://id.example", "--oidc-audience", "camcover")
    result = run("serve", *options)
    said = "--oidc-issuer was given, and joserfc is not installed: pip install 'camcover[oidc]'\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", said)


@pytest.mark.processes
def test_http_without_its_libraries_is_refused() -> None:
    result = run("serve", "--rules", RULES, "--http", "127.0.0.1:0")
    said = "--http is given, and Starlette is not installed: pip install 'camcover[http]'\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", said)


@pytest.mark.parametrize(("module", "extra"), [("pyarrow.parquet", "bulk"), ("opentelemetry.sdk", "telemetry")])
def test_an_import_names_the_extra(monkeypatch: pytest.MonkeyPatch, module: str, extra: str) -> None:
    for name in [module, module.split(".", maxsplit=1)[0]]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ExtraMissing, match=rf"pip install 'camcover\[{extra}\]'$"), extra_named():
        __import__(module)


def test_another_missing_module_is_told_as_it_is() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module"), extra_named():
        __import__("no_such_module")
