"""The description of the API, for programs and for people."""

import json
import re

import pytest
from django.test import Client

from accounts.api.describe import describe, kind_of, told
from accounts.api.problems import CODES, Problem
from crm.api import api_schema
from tests.api.calling import Caller, caller_make
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_programs_get_openapi() -> None:
    answer = Client().get("/api/v1/schema/")
    schema = json.loads(answer.content)
    assert answer.headers["Content-Type"] == "application/json"
    assert schema["openapi"] == "3.1.0"
    assert schema["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert schema["components"]["schemas"]["GuestIn"]["additionalProperties"] is False
    assert set(schema["info"]["x-scopes"]) == {"read", "write", "sensitive", "consents"}


def test_it_is_the_same_in_every_language() -> None:
    english, dutch = (Client().get("/api/v1/schema/", headers={"accept-language": code}) for code in ("en", "nl"))
    assert english.content == dutch.content


def test_every_reference_leads_somewhere() -> None:
    schema = api_schema()
    names = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(schema, default=str)))
    assert names <= set(schema["components"]["schemas"])  # type: ignore[index]


def test_people_get_a_page_that_needs_nobody_else() -> None:
    answer = Client().get("/api/v1/docs/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<c-" not in page
    assert not re.search(r"<script(?![^>]* src=\"/static/)|<style|\sstyle=|\son\w+=|(?:src|href)=\"https?:", page)
    for path, methods in api_schema()["paths"].items():  # type: ignore[attr-defined]
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in page, path
            assert operation["summary"] in page.replace("&#x27;", "'")
    for code in CODES:
        assert f'id="problem-{code}"' in page


def test_a_problem_leads_to_its_explanation(caller: Caller) -> None:
    answer = caller.get("guests/0/")
    page, _hash, anchor = answer.body["type"].partition("#")
    assert f'id="{anchor}"' in Client().get(page).content.decode()


def test_a_code_must_be_registered() -> None:
    with pytest.raises(KeyError):
        Problem(422, "no_such_code", "")


def test_an_example_can_be_pasted(cast: Cast) -> None:
    """The body in every curl line is JSON, and those of new guests and tags are taken as they stand."""
    caller = caller_make(cast.fjordstuen)
    api = describe(api_schema(), host="https://example.com")
    operations = {operation.name: operation for group in api.groups for operation in group.operations}
    bodies = {
        name: json.loads(found[1])
        for name, operation in operations.items()
        if (found := re.search(r"-d '(.*)'$", operation.curl, re.S))
    }
    assert len(bodies) > 15
    assert caller.post("guests/", bodies["create_guest"]).status == 201
    assert caller.post("tags/", bodies["create_tag"]).status == 201
    assert '-H "Idempotency-Key: $(uuidgen)"' in operations["create_guest"].curl
    assert "-d" not in operations["list_guests"].curl


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "maxLength": 20}, "text, at most 20 characters"),
        ({"type": ["string", "null"], "format": "date"}, "date or null"),
        ({"type": "string", "format": "decimal"}, "amount"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Tag"}}, "list of Tag"),
        ({"enum": ["a", "", None]}, "one of: a, empty"),
        ({"oneOf": [{"type": "integer"}, {"type": "null"}]}, "whole number or null"),
        ({"anyOf": [{"type": "boolean"}]}, "true or false"),
        ({}, "object"),
    ],
)
def test_types_in_words(schema: dict[str, object], words: str) -> None:
    assert kind_of(schema) == words


def test_sentences_in_parts() -> None:
    assert told("") == []
    assert told("Send `next` on.") == [("Send ", False), ("next", True), (" on.", False)]
