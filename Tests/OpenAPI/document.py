"""Checks a document: that it is OpenAPI 3.1, that its examples are what it says they are, and what all of its answers share."""

import json
import re
import sys

from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

METHODS = ("get", "post", "put", "delete", "patch", "head", "options", "trace")
KINDS = 9


def objects(value, place="#"):
    """Every object of the document, with its place."""
    if isinstance(value, dict):
        yield place, value
        for key, member in value.items():
            yield from objects(member, f"{place}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from objects(element, f"{place}/{index}")


def faults(document):
    def resolved(value):
        while "$ref" in value:
            name = value["$ref"].removeprefix("#/").split("/")
            value = document
            for part in name:
                value = value[part]
        return value

    registry = Registry().with_resource("urn:document", Resource(contents=document, specification=DRAFT202012))

    def mismatches(schema_place, value):
        schema = {"$ref": f"urn:document{schema_place}"}
        return [error.message for error in Draft202012Validator(schema, registry=registry).iter_errors(value)]

    for place, value in objects(document):
        if isinstance(value.get("schema"), dict):
            shared = [resolved(example)["value"] for example in value.get("examples", {}).values()]
            for example in shared + ([value["example"]] if "example" in value else []):
                for mismatch in mismatches(f"{place}/schema", example):
                    yield f"{place}: its example: {mismatch}"
            if "default" in value["schema"]:
                for mismatch in mismatches(f"{place}/schema", value["schema"]["default"]):
                    yield f"{place}: its default: {mismatch}"

    text = json.dumps(document)
    for group, members in document["components"].items():
        for name in members:
            if group != "securitySchemes" and f'"#/components/{group}/{name}"' not in text:
                yield f"components/{group}/{name} is used nowhere"

    names = []
    for path, item in document["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            operation = item[method]
            names.append(operation["operationId"])
            for status, answer in operation["responses"].items():
                answer = resolved(answer)
                label = f"{method.upper()} {path}: {status}"
                if "plasmite-version" not in answer["headers"]:
                    yield f"{label} has no plasmite-version"
                if int(status) >= 400:
                    if answer["content"]["application/json"]["schema"]["$ref"] != "#/components/schemas/ErrorEnvelope":
                        yield f"{label} is no ErrorEnvelope"
                    if status == "405" and "allow" not in answer["headers"]:
                        yield f"{label} has no allow"
            if set(re.findall(r"\{(\w+)\}", path)) != {
                resolved(parameter)["name"]
                for parameter in item.get("parameters", []) + operation.get("parameters", [])
                if resolved(parameter)["in"] == "path"
            }:
                yield f"{method.upper()} {path}: its parameters are not those of the path"
    for name in {name for name in names if names.count(name) > 1}:
        yield f"two operations are called {name}"
    if len(document["components"]["schemas"]["Kind"]["enum"]) != KINDS:
        yield f"there are {KINDS} kinds of errors"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        document = json.load(file)
    validate(document)
    found = list(faults(document))
    print(*found, sep="\n")
    sys.exit(1 if found else 0)


main()
