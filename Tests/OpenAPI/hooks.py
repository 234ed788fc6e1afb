"""What Schemathesis does not know of the gateway: streams must end soon, deleting needs something to delete, and what a stream
carries has a shape too. `run` loads this into Schemathesis."""

import json
import re
import struct

import schemathesis
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from schemathesis.core.parameters import ParameterLocation

# The pools that `run` makes: one with messages, one empty.
POOLS = ["demo", "empty"]
LARGEST_FILE = 1 << 20  # bytes
STREAM_MS = 20
METHODS = ("get", "post", "put", "delete", "patch")
STREAMS = ("/tail", "/tail_lite3", "/events")
FRAME = struct.Struct(">QQI")


LITE3 = "application/x-plasmite-lite3"


@schemathesis.serializer(LITE3)
def serialize_document(context, value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def is_valid(case, location):
    """Whether this part of the request is as the document wants it, and so may be replaced by something as valid."""
    component = case.meta.components.get(location) if case.meta else None
    return component is None or component.mode.is_positive


def request(case, path, method, kwargs, **parts):
    """What the server answers to another request."""
    return case.operation.schema[path][method].Case(**parts).call(**kwargs)


@schemathesis.hook
def before_call(context, case, kwargs):
    path, method = case.operation.path, case.operation.method.upper()
    parameters = case.path_parameters
    if parameters and "pool" in parameters and is_valid(case, ParameterLocation.PATH):
        # Names at random are of pools that are not there. Most should be there.
        name = str(parameters["pool"])
        if method == "DELETE":
            # A few are made first, so that there is something to delete.
            if len(name) % 2 == 0 and name not in POOLS:
                parameters["pool"] = "doomed"
                request(case, "/v0/pools", "POST", kwargs, body={"pool": "doomed"}, media_type="application/json")
            elif name in POOLS:
                parameters["pool"] = "nowhere"
        elif len(name) % 4:
            parameters["pool"] = POOLS[len(name) % len(POOLS)]
    if path.endswith("/append_lite3") and len(repr(case.body)) % 2:
        # What is made at random is no document. This is one.
        stored = {"pool": "demo", "seq": 1}
        case.body = request(case, "/v0/pools/{pool}/messages/{seq}/lite3", "GET", kwargs, path_parameters=stored).content
    if path.endswith(STREAMS):
        asked = (case.query or {}).get("timeout_ms")
        if asked is None or (isinstance(asked, int) and STREAM_MS < asked <= 30_000):
            case.query = {**(case.query or {}), "timeout_ms": STREAM_MS}
    if (path, method) == ("/v0/pools", "POST") and isinstance(case.body, dict):
        size = case.body.get("size_bytes")
        if isinstance(size, int) and LARGEST_FILE < size < 1 << 63:
            case.body = {**case.body, "size_bytes": LARGEST_FILE}


_validators = {}


def conforms(case, name, value):
    """Fails unless the value is what the document calls by this name."""
    if name not in _validators:
        resource = Resource(contents=case.operation.schema.raw_schema, specification=DRAFT202012)
        registry = Registry().with_resource("urn:document", resource)
        reference = {"$ref": f"urn:document#/components/schemas/{name}"}
        _validators[name] = Draft202012Validator(reference, registry=registry)
    for error in _validators[name].iter_errors(value):
        raise AssertionError(f"{json.dumps(value)[:500]} is no {name}: {error.message}")


@schemathesis.check
def allowed_methods(context, response, case):
    """Where a method is refused, `allow` has those that the document has, and HEAD beside GET."""
    if response.status_code != 405:
        return
    # A path may stand for two: /v0/pools/open is also that of a pool called open.
    asked = response.request.path_url.split("?")[0]
    documented = set()
    for path, item in case.operation.schema.raw_schema["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), asked):
            documented |= {method.upper() for method in item if method in METHODS}
    if "GET" in documented:
        documented.add("HEAD")
    allowed = {method.strip() for method in ",".join(response.headers.get("allow", [])).split(",")}
    assert allowed == documented or case.method.upper() in documented, f"allow: {sorted(allowed)}, not {sorted(documented)}"


@schemathesis.check
def stream_conformance(context, response, case):
    """What a stream carries is whole messages, in order, and at most one error at its end."""
    if response.status_code != 200 or not case.operation.path.endswith(STREAMS):
        return
    if case.operation.path.endswith("/tail_lite3"):
        sequences, rest = [], response.content
        while rest:
            assert len(rest) >= FRAME.size, f"{len(rest)} bytes behind the last frame"
            sequence, _, length = FRAME.unpack_from(rest)
            assert len(rest) >= FRAME.size + length, f"frame {sequence} is cut"
            sequences.append(sequence)
            rest = rest[FRAME.size + length :]
        failures = []
    else:
        values = list(lines(response.content) if case.operation.path.endswith("/tail") else events(response.content))
        failures = [value for value in values if "error" in value]
        messages = [value for value in values if "error" not in value]
        for value in failures:
            conforms(case, "ErrorEnvelope", value)
        for value in messages:
            conforms(case, "Message", value)
        assert not failures or values[-1] is failures[0], "something came behind an error"
        sequences = [message["seq"] for message in messages]
    assert sequences == sorted(set(sequences)), f"out of order: {sequences}"
    most = (case.query or {}).get("max")
    if isinstance(most, int):
        assert len(sequences) <= most, f"{len(sequences)} messages, and {most} were asked for"
    since = (case.query or {}).get("since_seq")
    if isinstance(since, int):
        assert all(sequence >= since for sequence in sequences), f"{sequences} begin before {since}"


def lines(content):
    assert content == b"" or content.endswith(b"\n"), "the last line has no end"
    return [json.loads(line) for line in content.decode().split("\n") if line]


def events(content):
    assert content == b"" or content.endswith(b"\n\n"), "the last event has no end"
    for block in content.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
        if fields:
            value = json.loads(fields["data"])
            assert fields["event"] == ("error" if "error" in value else "message"), f"event {fields['event']}"
            assert "error" in value or fields.get("id") == str(value["seq"]), f"id {fields.get('id')} of {value['seq']}"
            yield value
