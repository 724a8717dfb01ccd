"""Invented Transparency in Coverage files in CMS's schemas 1.x and 2.x, and the places of them that tests change."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Json = dict[str, Any]

NPI, OTHER_NPI = "1234567893", "1003000126"
TIN, OTHER_TIN = "12-3456789", "98-7654321"
NETWORK = "Example Choice"

HEADING: Json = {
    "reporting_entity_name": "Example Health",
    "reporting_entity_type": "health insurance issuer",
    "last_updated_on": "2026-02-01",
    "version": "2.0.0",
}
PRICE: Json = {
    "negotiated_type": "negotiated",
    "negotiated_rate": 48.5,
    "expiration_date": "9999-12-31",
    "service_code": ["CSTM-00"],
    "billing_class": "professional",
    "setting": "both",
}


def providers(npi: str = NPI, tin: str = TIN) -> Json:
    """A group of providers."""
    return {"npi": [int(npi)], "tin": {"type": "ein", "value": tin, "business_name": "Example Clinic"}}


def group(number: float = 1, network: str = NETWORK, **who: str) -> Json:
    """A provider reference of schema 2."""
    return {"provider_group_id": number, "network_name": [network], "provider_groups": [providers(**who)]}


def rate(*prices: Json, references: Sequence[float] = (1,)) -> Json:
    """A rate of schema 2; each price is what it has other than `PRICE`."""
    return {"provider_references": list(references), "negotiated_prices": [PRICE | each for each in prices or ({},)]}


def inline_rate(*prices: Json, **who: str) -> Json:
    """A rate of schema 1, with its providers in it and no setting."""
    listed = [PRICE | each for each in prices or ({},)]
    for each in listed:
        del each["setting"]
    return {"provider_groups": [providers(**who)], "negotiated_prices": listed}


def entry(code: str = "97810", *rates: Json, **fields: Any) -> Json:
    """What a file has of a code."""
    return {
        "negotiation_arrangement": "ffs",
        "name": code,
        "billing_code_type": "CPT",
        "billing_code_type_version": "2026",
        "billing_code": code,
        "description": code,
        "negotiated_rates": list(rates) or [rate()],
    } | fields


def in_network(*entries: Json, groups: Sequence[Json] = (), **fields: Any) -> Json:
    """A file of negotiated rates."""
    return HEADING | {"provider_references": list(groups) or [group()], "in_network": list(entries)} | fields


def payment(cents: float, npi: str = NPI, **fields: Any) -> Json:
    """A payment out of the network."""
    return {"allowed_amount": cents, "providers": [{"billed_charge": 100, "npi": [int(npi)]}]} | fields


def allowed(code: str, *payments: Json, tin: str = TIN, **fields: Any) -> Json:
    """What a file of allowed amounts has of a code."""
    amount: Json = {"tin": {"type": "ein", "value": tin}, "service_code": ["11"], "billing_class": "professional"}
    return {
        "name": code,
        "billing_code_type": "CPT",
        "billing_code_type_version": "2026",
        "billing_code": code,
        "description": code,
        "allowed_amounts": [amount | {"setting": "outpatient", "payments": list(payments)} | fields],
    }


def saved(path: Path, content: Json) -> Path:
    """The file; compressed where its name ends in `.gz`."""
    data = json.dumps(content).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path
