"""Checks the chart by Helm's own code and by the schemas of Kubernetes, as `make deploy-checks` runs it.

Every set of VALUES is rendered, and every manifest validated; every set of REFUSED must be refused with its reason. The
settings of each rendered file are those that `camcover serve` has.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import helm_python
import kubernetes_validate
import yaml

CHART = Path(__file__).parent / "helm" / "camcover"
KUBERNETES = ("1.32", "1.35")
POD = ("Deployment", "Job")
INFORMATION = 1
"""A finding that is no fault: the chart has no icon."""

VALUES: dict[str, dict[str, Any]] = {
    "default": {},
    "mTLS, tokens, telemetry": {
        "tls": {"secret": "camcover-tls", "clientCa": True},
        "tokens": {"secret": "callers"},
        "telemetry": {"endpoint": "http://collector.observability:4317"},
        "image": {"digest": "sha256:" + "0" * 64},
        "settings": {"workers": 4, "keep": "hashes", "oidc-scope": ["a=estimate"], "max-rate-per-caller": 2.5},
    },
    "rules in a ConfigMap, nothing kept": {
        "rules": {"source": "configMap", "configMap": "payer-rules"},
        "database": {"secret": ""},
    },
    "a mesh encrypts": {"tls": {"secret": ""}, "http": {"enabled": False}, "autoscaling": {"enabled": False}},
    "who connects": {"networkPolicy": {"from": [{"namespaceSelector": {}}], "egress": [{"ports": [{"port": 443}]}]}},
    "no policy, no upgrade": {"networkPolicy": {"enabled": False}, "database": {"upgrade": False}},
    "where pods run": {
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "a", "operator": "Exists"}],
        "podAnnotations": {"a": "b"},
        "imagePullSecrets": [{"name": "registry"}],
    },
}

REFUSED: dict[str, dict[str, Any]] = {
    "name the ConfigMap": {"rules": {"source": "configMap"}},
    "needs a database": {"database": {"secret": ""}},
    "goes with tls.secret": {"tls": {"secret": "", "clientCa": True}},
    "sets it from other values": {"settings": {"listen": "0.0.0.0:1"}},
    "max_calls": {"settings": {"max_calls": 1}},
    "workers": {"settings": {"workers": {"of": 4}}},
    "replica": {"replica": 3},
    "minReplicas": {"autoscaling": {"minReplicas": 0}},
    "source": {"rules": {"source": "git"}},
}


def main(settings: set[str]) -> int:
    """Check everything; gives how much is wrong, and prints it."""
    told = helm_python.lint(CHART, {}, strict=True)["messages"]
    faults = [f"lint: {each}" for each in told if each["severity"] > INFORMATION]
    with helm_python.Chart.load(str(CHART)) as chart:
        for name, values in VALUES.items():
            faults += [f"{name}: {fault}" for fault in faults_of(rendered(chart, values), settings)]
        for reason, values in REFUSED.items():
            faults += accepted(chart, reason, values)
    for fault in faults:
        print(fault)
    print(f"{len(VALUES) + len(REFUSED)} sets of values, {len(faults)} faults")
    return len(faults)


def rendered(chart: Any, values: dict[str, Any]) -> list[dict[str, Any]]:
    """The manifests by these values."""
    chart.validate_schema(values)
    texts = chart.render(values, name="demo", namespace="prod")
    documents = [each for name, text in texts.items() if name.endswith(".yaml") for each in yaml.safe_load_all(text)]
    return [each for each in documents if each]


def faults_of(manifests: list[dict[str, Any]], settings: set[str]) -> Iterator[str]:
    """What is wrong with the manifests of one set of values."""
    for manifest in manifests:
        for version in KUBERNETES:
            try:
                kubernetes_validate.validate(manifest, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"{manifest['kind']}, Kubernetes {version}: {error.message}"
        if manifest["kind"] in POD:
            yield from faults_of_pod(manifest["spec"]["template"]["spec"])
        if manifest["kind"] == "ConfigMap":
            given = tomllib.loads(manifest["data"]["camcover.toml"])
            yield from (f"{key} is no setting" for key in given.keys() - settings)


def faults_of_pod(pod: dict[str, Any]) -> Iterator[str]:
    """What a pod may not be: root, writing, with rights, or with a mount of which there is no volume."""
    (container,) = pod["containers"]
    own = container["securityContext"]
    if not (pod["securityContext"]["runAsNonRoot"] and own["readOnlyRootFilesystem"] and own["capabilities"]["drop"]):
        yield "the pod has rights that it does not need"
    volumes = {each["name"] for each in pod["volumes"]}
    if volumes != {each["name"] for each in container["volumeMounts"]}:
        yield f"volumes and mounts differ: {sorted(volumes)}"
    ports = {each["name"] for each in container.get("ports", ())}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        for kind in ("httpGet", "tcpSocket"):
            if kind in container.get(probe, {}) and container[probe][kind]["port"] not in ports:
                yield f"{probe}: no such port"


def accepted(chart: Any, reason: str, values: dict[str, Any]) -> list[str]:
    """What is to be said where values are not refused with a reason."""
    try:
        rendered(chart, values)
    except helm_python.HelmError as error:
        return [] if reason in str(error) else [f"{values}: refused without `{reason}`: {error}"]
    return [f"{values}: not refused"]


def settings_of_serve(camcover: str) -> set[str]:
    """The names of all settings, as `camcover config show` prints them."""
    done = subprocess.run([camcover, "config", "show"], check=True, capture_output=True, text=True)
    return {line.removeprefix("# ").split()[0] for line in done.stdout.splitlines()}


if __name__ == "__main__":
    sys.exit(main(settings_of_serve(sys.argv[1])) != 0)
