"""Whatever stands in a body, of whichever operation: it is taken or refused in words, and a refusal leaves nothing behind.

Operations and their fields come from the OpenAPI document, so that a new one is swept by itself.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction

from yizhan.kernel.testing.api import Answer, operations
from yizhan.site.api import api as program
from yizhan.site.tests.reached import API, collection, record, roles_for, undone
from yizhan.site.tests.test_resources import NEW

DEEP: Any = json.loads("[" * 60 + "]" * 60)
TEXT = ["", " ", "a" * 30_000, "\0", "\ud800", "0001-01-01", "9999-12-31T23:59:59-12:00", "99999999999999999999", "\u202e<b>"]
NUMBERS = [-1, 0, 10**20, 2**31, 1e300, 0.5]
LISTS: list[Any] = [[], [None], ["x"] * 400, [[[]]], [{}], [10**20]]
OBJECTS: list[Any] = [{}, {"colour": "red"}, {"x\0": 1}, {"x": DEEP}]
KINDS: dict[str, list[Any]] = {
    "string": TEXT,
    "integer": NUMBERS,
    "number": NUMBERS,
    "array": LISTS,
    "object": OBJECTS,
    "boolean": [],
}
OTHER: list[Any] = [None, True, "x", 10**20, "2026-11-25", [], {}, DEEP, -1.5, "0001-01-01T00:00:00+14:00"]
WHOLE: list[bytes] = [
    b"", b"null", b"[]", b'"x"', b"7", b"{", b"\xff\xfe", b"[" * 3000, b'{"\\ud800": 1}', b'{"a": NaN}', b'{"a\\u0000": 1}',
    b'{"colour": "red"}', b"1" * 5000,
]  # fmt: skip
# The whole body cannot be read, a guard names what is missing, or the record itself is the reason: no field is to blame.
NO_FIELD = {"malformed_json", "too_large", "guard_failed"}
DOCUMENT: Any = json.loads(json.dumps(program.get_openapi_schema()))
BODIES = {
    f"{method.upper()} {path}": (method.upper(), path, operation["requestBody"]["content"])
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if "requestBody" in operation
}
JSON_BODIES = [name for name, (_method, _path, content) in BODIES.items() if "application/json" in content]
Place = tuple[str | int, ...]


def variants(schema: Any) -> list[Any]:
    return [part for one in schema.get("anyOf", [schema]) for part in (variants(one) if "anyOf" in one else [one])]


def places(schema: Any, where: Place = ()) -> Iterator[tuple[Place, list[Any]]]:
    """Every field that the document names, in objects and lists too, with what is odd for its kind."""
    for one in variants(schema):
        for name, inner in one.get("properties", {}).items():
            odd = [value for part in variants(inner) for value in KINDS.get(part.get("type", ""), [])]
            yield (*where, name), odd
            yield from places(inner, (*where, name))
        if one.get("type") == "array" and len(where) < 3:
            inner = one.get("items", {})
            yield (*where, 0), [value for part in variants(inner) for value in KINDS.get(part.get("type", ""), [])]
            yield from places(inner, (*where, 0))


def placed(body: Any, where: Place, value: Any) -> Any:
    """The body with this value at that place, whatever stood on the way."""
    if not where:
        return value
    first, rest = where[0], where[1:]
    if isinstance(first, int):
        return [placed(body[0] if isinstance(body, list) and body else {}, rest, value)]
    body = body if isinstance(body, dict) else {}
    return {**body, first: placed(body.get(first), rest, value)}


def usual(method: str, path: str, schema: Any) -> Any:
    """A body that is taken; of a change, none but the field that is tried."""
    if method == "PATCH":
        return {}
    return NEW[collection(path)] if collection(path) in NEW else schema["example"]


def standing() -> str:
    """All that stands in the tables, but what tells of the request itself."""
    told = {"kernel_auditentry", "kernel_audithead", "people_apitoken"}
    tables = sorted({model._meta.db_table for model in apps.get_models() if model._meta.managed} - told)
    parts = " UNION ALL ".join(f"SELECT '{t}' AS name, t::text AS line FROM \"{t}\" t" for t in tables)  # noqa: S608 - our own names
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT md5(string_agg(name || line, chr(10) ORDER BY name, line)) FROM ({parts}) AS everything")  # noqa: S608
        return str((cursor.fetchone() or ("",))[0])


class Sweep:
    """One operation, with somebody who may call it and a record for its path."""

    def __init__(self, name: str, api: Any, world: Any) -> None:
        self.method, path, content = BODIES[name]
        self.schema = content["application/json"]["schema"]
        self.body = usual(self.method, path, self.schema)
        key = record(api, world, path)
        self.path = path.removeprefix(API)
        for part in path.split("{")[1:]:
            self.path = self.path.replace("{" + part.split("}")[0] + "}", key)
        for role in roles_for(path):
            self.client = api(role)
            with undone():
                first = self.client.call(self.method, self.path, self.body)
            if first.status not in {403, 404}:
                break

    def send(self, given: Any) -> Answer | None:
        """The refusal, if it is one; what was taken is undone."""
        point = transaction.savepoint()
        answer: Answer = self.client.call(self.method, self.path, given)
        if answer.status < 400:
            transaction.savepoint_rollback(point)
            return None
        transaction.savepoint_commit(point)
        return answer


def refused_in_words(answer: Answer, where: Place, value: Any) -> None:
    told = (where, repr(value)[:100], answer)
    assert 400 <= answer.status < 500, told
    assert answer.headers["Content-Type"] == "application/problem+json", told
    assert {"type", "title", "status", "code"} <= set(answer.body), told
    assert answer["status"] == answer.status, told
    assert answer["title"], told
    if answer.status == 422 and answer["code"] not in NO_FIELD:
        assert answer.body.get("errors"), told
        named = {name.split(".")[0] for name in answer["errors"]}
        assert answer["code"] != "invalid" or not where or named & {where[0], "body"}, told


def some(values: list[Any], many: int, turn: int) -> list[Any]:
    """So many of them, others for each field: over all fields each value is met many times."""
    return [values[(turn * many + step) % len(values)] for step in range(min(many, len(values)))]


@pytest.mark.parametrize("name", JSON_BODIES)
def test_odd_fields_and_bodies(name: str, api: Any, world: Any) -> None:
    sweep, turn = Sweep(name, api, world), JSON_BODIES.index(name)
    before = standing()
    for body in some(WHOLE, 5, turn):
        answer = sweep.send(body)
        if answer is not None:
            refused_in_words(answer, (), body)
    unknown = sweep.send({**sweep.body, "colour": "red"})
    assert unknown is not None
    assert "colour" in unknown.body.get("errors", {}), unknown
    for where, odd in places(sweep.schema):
        turn += 1
        for value in [*some(odd, 2, turn), *some(OTHER, 1, turn)]:
            answer = sweep.send(placed(sweep.body, where, value))
            if answer is not None:
                refused_in_words(answer, where, value)
    assert standing() == before


def test_every_operation_with_a_body_is_swept() -> None:
    """Files come as forms, and have tests of their own (test_bodies.py, test_hostile_input.py); their words are swept here too."""
    assert set(BODIES) - set(JSON_BODIES) == {"POST /api/v1/attachments"}
    changing = {(method, path) for method, path, _name in operations() if method in {"POST", "PUT", "PATCH"}}
    assert changing == {(method, path) for method, path, _content in BODIES.values()}


def test_odd_words_beside_a_file(api: Any) -> None:
    before = standing()
    for value in [*TEXT, "demo-zz", "1"]:
        words = value.encode("utf-8", "surrogatepass")
        parts = [b'name="customer"\r\n\r\n' + words, b'name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nabc']
        body = b"".join(b"--edge\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--edge--\r\n"
        client = api("desk")
        answer = Answer(
            client.client.generic(
                "POST", f"{API}/attachments", body, content_type="multipart/form-data; boundary=edge", headers=client.headers
            )
        )
        refused_in_words(answer, ("customer",), value)
    assert standing() == before
