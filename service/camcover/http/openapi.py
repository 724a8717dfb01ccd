"""The contract over HTTP as an OpenAPI document, made of the .proto's descriptors, comments and bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from google.protobuf.descriptor import Descriptor, MethodDescriptor

from camcover.api.server import UnaryMethod
from camcover.http.aliases import ALIASES, Alias, in_address
from camcover.http.calls import is_pure
from camcover.http.fhir import FHIR_JSON, METADATA, PARAMETERS, SUBMIT
from camcover.http.schemas import Schema, Schemas, comment_on, described, field_schema, needs_value

__all__ = ["document", "package_version"]

_TITLE = "Camcover"

_ABOUT = (
    "What integrative-medicine plans cost a patient under payers' rules. Money is integer cents in fields that end in "
    "`_cents`; dates are ISO 8601 texts. `/v1/...` are short paths to the methods below `/camcover.v1...`, which speak "
    "the Connect protocol (unary calls)."
)

_HEADERS: tuple[Schema, ...] = (
    {
        "name": "Connect-Protocol-Version",
        "in": "header",
        "description": "The version of the Connect protocol.",
        "schema": {"type": "string", "enum": ["1"]},
    },
    {
        "name": "Connect-Timeout-Ms",
        "in": "header",
        "description": "The time that the call gives itself, milliseconds.",
        "schema": {"type": "string", "pattern": "^[0-9]{1,10}$"},
    },
)

_IN_ADDRESS: tuple[Schema, ...] = (
    {
        "name": "encoding",
        "in": "query",
        "required": True,
        "description": "What the message is written in.",
        "schema": {"type": "string", "enum": ["json", "proto"]},
    },
    {
        "name": "message",
        "in": "query",
        "required": True,
        "description": "The message, as its encoding writes it.",
        "schema": {"type": "string"},
    },
    {
        "name": "base64",
        "in": "query",
        "description": "1: the message is written in base64 for addresses.",
        "schema": {"type": "string", "enum": ["0", "1"]},
    },
)

_REFUSAL: Schema = {
    "type": "object",
    "description": "A call that is refused. `ErrorInfo` among the details has the reason, a name that stays.",
    "required": ["code", "message", "details"],
    "properties": {
        "code": {"type": "string", "description": "The status of gRPC in lower case."},
        "message": {"type": "string", "description": "What was found, and what was expected."},
        "details": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "value"],
                "properties": {
                    "type": {"type": "string", "description": "The full name of the message."},
                    "value": {"type": "string", "description": "Its bytes in base64 without padding."},
                    "debug": {"type": "object", "description": "The same as JSON."},
                },
            },
        },
    },
}

_HEALTH: Schema = {
    "type": "object",
    "required": ["status"],
    "properties": {
        "status": {"type": "string"},
        "services": {"type": "object", "additionalProperties": {"enum": ["SERVING", "NOT_SERVING"]}},
    },
}


def document(methods: Mapping[str, UnaryMethod]) -> Schema:
    """The document for methods by their paths."""
    descriptors = [each.descriptor for each in methods.values()]
    schemas = Schemas((each.input_type for each in descriptors), (each.output_type for each in descriptors))
    services = {each.containing_service.name: each.containing_service.full_name for each in descriptors}
    paths: dict[str, Schema] = {}
    for alias in ALIASES:
        paths.setdefault(alias.path, {})[alias.verb.lower()] = _aliased(alias, methods[alias.method].descriptor)
    for path, method in methods.items():
        paths[path] = _connect(method)
    paths |= _operations() | _fhir()
    return {
        "openapi": "3.1.0",
        "info": {"title": _TITLE, "version": package_version(), "description": _ABOUT},
        "tags": [{"name": name, "description": comment_on(full)} for name, full in services.items()],
        "security": [{"bearer": []}, {}],
        "paths": paths,
        "components": {
            "schemas": {**schemas.all(), "Health": _HEALTH, "Refusal": _REFUSAL},
            "responses": {"Refusal": _answer("The call is refused.", {"$ref": "#/components/schemas/Refusal"})},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def package_version() -> str:
    """The version of the package; of a checkout that is not installed there is none."""
    try:
        return version("camcover")
    except PackageNotFoundError:
        return "0"


def _connect(method: UnaryMethod) -> Schema:
    """What is at the path that gRPC calls a method by."""
    asked = method.descriptor
    post = _operation(asked, asked.name) | {"requestBody": _body(asked, protobuf=True), "parameters": [*_HEADERS]}
    if not is_pure(method):
        return {"post": post}
    return {"post": post, "get": _operation(asked, f"{asked.name}_by_address") | {"parameters": [*_IN_ADDRESS]}}


def _aliased(alias: Alias, asked: MethodDescriptor) -> Schema:
    """What is at a short path."""
    operation = _operation(asked, f"{alias.verb.lower()}_{asked.name}{'_active' if alias.is_empty else ''}")
    if alias.verb == "POST":
        return operation | {"requestBody": _body(asked, protobuf=False)}
    return operation | {"parameters": list(_parameters(alias, asked.input_type))}


def _operation(asked: MethodDescriptor, name: str) -> Schema:
    """What all ways to ask a method have in common."""
    answer = {"$ref": f"#/components/schemas/{asked.output_type.name}"}
    return {
        "operationId": name,
        "tags": [asked.containing_service.name],
        "description": comment_on(asked.full_name),
        "responses": {"200": _answer("The answer.", answer), "default": {"$ref": "#/components/responses/Refusal"}},
    }


def _answer(text: str, schema: Schema) -> Schema:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _body(asked: MethodDescriptor, *, protobuf: bool) -> Schema:
    """The message as the body of a request."""
    content: dict[str, Any] = {
        "application/json": {"schema": {"$ref": f"#/components/schemas/{asked.input_type.name}"}}
    }
    if protobuf:
        content["application/proto"] = {}
    return {"required": True, "content": content}


def _parameters(alias: Alias, message: Descriptor) -> Iterator[Schema]:
    """The fields of a message as parameters of an address."""
    for each in in_address(alias, message):
        required = {"required": True} if needs_value(each) else {}
        yield _parameter(each.name, "query", field_schema(each)) | required
    if alias.field and not alias.is_empty:
        schema = field_schema(message.fields_by_name[alias.field])
        # The prefix of the field is not a part of the address, so the field's bounds do not hold.
        bounds = {"type": "string", "description": schema["description"]} if alias.prefix else schema
        yield _parameter("id", "path", bounds) | {"required": True}


def _parameter(name: str, place: str, schema: Schema) -> Schema:
    text = schema.pop("description", "")
    return described({"name": name, "in": place, "schema": schema}, text)


def _operations() -> dict[str, Schema]:
    """What those who run the service ask."""
    health = {"$ref": "#/components/schemas/Health"}
    text = {"description": "The figures.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    return {
        path: {"get": {"operationId": name, "description": about, "security": [], "responses": responses}}
        for path, name, about, responses in (
            ("/livez", "lives", "Whether the process works.", _states(health)),
            ("/readyz", "ready", "What health says of the server and of each service.", _states(health)),
            ("/metrics", "metrics", "What the process counts, as Prometheus reads it.", {"200": text}),
        )
    }


def _fhir() -> dict[str, Schema]:
    """What speaks FHIR; the schemas of its resources are FHIR's own."""
    resource: Schema = {FHIR_JSON: {"schema": {"type": "object"}}}
    outcome = {"description": "An OperationOutcome: the call is refused.", "content": resource}
    submitted = {
        "operationId": "gfe_submit",
        "description": "A good-faith estimate (Bundle) as an AEOB packet (Bundle). See ExplainGoodFaithEstimate.",
        "parameters": [
            _parameter(name, "query", {"type": "string"}) | ({"required": True} if name == "plan" else {})
            for name in PARAMETERS
        ],
        "requestBody": {"required": True, "content": resource},
        "responses": {"200": {"description": "The packet.", "content": resource}, "default": outcome},
    }
    stated = {
        "operationId": "fhir_metadata",
        "description": "A CapabilityStatement.",
        "security": [],
        "responses": {"200": {"description": "The statement.", "content": resource}},
    }
    return {SUBMIT: {"post": submitted}, METADATA: {"get": stated}}


def _states(schema: Schema) -> Schema:
    return {"200": _answer("It is well.", schema), "503": _answer("It is not.", schema)}
