"""OpenAPI tells the truth: every answer that can come is documented, and what comes has the shape that its type says."""

import json
from typing import Any

import pytest
from django.utils.translation import override
from pydantic import BaseModel, ConfigDict, TypeAdapter

from yizhan.kernel.resource import all_resources, resource_named
from yizhan.kernel.resource.api import output_schema
from yizhan.site.api import api as program
from yizhan.site.openapi import Problem, written
from yizhan.tickets.presenting import EntryOut, MessageOut, TicketOut

IN_API = [resource.name for resource in all_resources() if resource.in_api]


def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(program.get_openapi_schema()))
    return found


def told(kind: type[BaseModel], given: Any) -> None:
    """Every name that came is documented, and every value is of its type."""
    exact = type(kind.__name__, (kind,), {"model_config": ConfigDict(extra="forbid"), "__module__": __name__})
    TypeAdapter(exact).validate_json(json.dumps(given), strict=True)


def test_every_operation_tells_its_refusals() -> None:
    shape = schema()
    assert shape["components"]["schemas"]["Problem"]["required"] == ["type", "title", "status", "code", "detail"]
    for path, methods in shape["paths"].items():
        for method, operation in methods.items():
            answers, where = operation["responses"], (method, path)
            assert {"401", "403"} <= set(answers), where
            assert "404" in answers or "{" not in path, where
            assert {"409", "422"} <= set(answers) or method == "get", where
            made = [status for status in answers if status < "300"]
            assert len(made) == 1, where
            kept = answers[made[0]]["content"]["application/json"]["schema"]
            assert kept.get("properties"), where
            for status in set(answers) - set(made):
                assert answers[status]["content"] == {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                }


@pytest.mark.parametrize("name", IN_API)
def test_records_have_the_shape_that_is_told(name: str, api: Any) -> None:
    for username in ("admin", "auditor"):
        for item in api(username).get(f"/{name}?limit=200").body.get("items", []):
            told(output_schema(resource_named(name)), item)


@pytest.mark.parametrize("name", IN_API)
def test_filters_are_told(name: str) -> None:
    named = {parameter["name"]: parameter for parameter in schema()["paths"][f"/api/v1/{name}"]["get"]["parameters"]}
    assert {*resource_named(name).filters, "limit", "cursor"} <= set(named)


def test_tickets_have_the_shape_that_is_told(api: Any, world: Any) -> None:
    number = world.completed().number
    for username in ("desk", "requester1"):
        told(TicketOut, api(username).get(f"/tickets/{number}").body)
        for entry in api(username).get(f"/tickets/{number}/timeline")["items"]:
            told(EntryOut, entry)
    for item in api("desk").get("/tickets")["items"]:
        told(TicketOut, item)
    told(MessageOut, api("desk").post(f"/tickets/{number}/messages", {"body": "在路上"}).body)


def test_refusals_have_the_shape_that_is_told(api: Any, world: Any) -> None:
    number = world.new().number
    answers = {
        401: api().get("/tickets"), 403: api("auditor").post("/sites", {}), 404: api("desk").get("/tickets/INC1"),
        409: api("desk").patch(f"/tickets/{number}", {"place": "1", "version": 99}), 422: api("desk").post("/contacts", {}),
    }  # fmt: skip
    for status, answer in answers.items():
        assert answer.status == status, answer
        Problem.model_validate(answer.body, strict=True)
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_document_is_built_once_and_says_the_same_to_everybody(
    client: Any, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[int] = []
    build = type(program).get_openapi_schema

    def counted(self: Any, **kwargs: Any) -> Any:
        built.append(1)
        return build(self, **kwargs)

    monkeypatch.setattr(type(program), "get_openapi_schema", counted)
    written.cache_clear()
    address = "/api/v1/openapi.json"
    first = client.get(address)
    assert first.json() == schema()
    told = [client.get(address, headers={"Accept-Language": language}) for language in ("en", "zh-CN")]
    told += [client.get(address, headers=api(name).headers) for name in ("admin", "requester1")]
    assert {answer.content for answer in told} == {first.content}
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert len(built) == 2  # the document's, and this test's own


def test_no_language_and_no_record_changes_the_document(db: None) -> None:
    with override("en"):
        english = schema()
    with override("zh-hans"):
        assert schema() == english
