"""`/api/v1/docs`: what the OpenAPI document says, as a page of ours. Nothing of it comes from another host."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

Schema = dict[str, Any]
NOTED = (
    ("default", "= {}"), ("minLength", "≥ {} characters"), ("maxLength", "≤ {} characters"), ("minimum", "≥ {}"),
    ("maximum", "≤ {}"), ("exclusiveMinimum", "> {}"), ("exclusiveMaximum", "< {}"), ("minItems", "≥ {} items"),
    ("maxItems", "≤ {} items"), ("pattern", "{}"),
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A parameter or a field: what it is, where it stands, the shape that it leads to."""

    name: str
    required: bool
    kind: str
    shape: str
    note: str
    place: str = ""


@dataclass
class Operation:
    """One method at one path, with what goes in and what comes out."""

    method: str
    path: str
    name: str
    words: str
    parameters: list[Row]
    body: list[Row]
    body_type: str
    answers: list[tuple[str, Row]]
    refusals: list[str]


@dataclass
class Page:
    """Operations by tag, and every shape once, however many operations answer with it."""

    groups: dict[str, list[Operation]] = field(default_factory=dict)
    shapes: dict[str, list[Row]] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)


class Reader:
    """Reads one OpenAPI document."""

    def __init__(self, document: Schema) -> None:
        self.document, self.page = document, Page()
        self.known: dict[str, Schema] = {}

    def read(self) -> Page:
        for path, methods in self.document["paths"].items():
            for method, said in methods.items():
                self.page.groups.setdefault(said["tags"][0], []).append(self.operation(method, path, said))
        self.page.refusals = dict(sorted(self.page.refusals.items()))
        return self.page

    def operation(self, method: str, path: str, said: Schema) -> Operation:
        answers, refusals = [], []
        for status, answer in said["responses"].items():
            content: Schema = next(iter(answer.get("content", {}).values()), {})
            found = self.row(answer["description"], content.get("schema", {}), required=True)
            if int(status) < 400:
                answers.append((str(status), found))
            else:
                refusals.append(str(status))
                self.page.refusals[str(status)] = answer["description"]
        parameters = [
            self.row(one["name"], one["schema"], required=one.get("required", False), place=one["in"])
            for one in said.get("parameters", [])
        ]
        bodies: dict[str, Schema] = said.get("requestBody", {}).get("content", {})
        body_type = next(iter(bodies), "")
        return Operation(
            method.upper(), path, said["operationId"], said.get("description", ""), parameters,
            list(self.fields(bodies[body_type]["schema"] if bodies else {})), body_type, answers, sorted(refusals),
        )  # fmt: skip

    def fields(self, schema: Schema) -> Iterator[Row]:
        required = schema.get("required", [])
        for name, one in schema.get("properties", {}).items():
            yield self.row(name, one, required=name in required)

    def row(self, name: str, schema: Schema, *, required: bool, place: str = "") -> Row:
        kinds, shape = self.kinds(schema)
        parts = list(variants(schema))
        notes = [str(schema["description"])] if "description" in schema and not shape else []
        notes += [" · ".join(str(value) for value in one["enum"] if value != "") for one in parts if "enum" in one]
        notes += [words.format(one[key]) for one in parts for key, words in NOTED if one.get(key) not in (None, "", {}, [])]
        return Row(name, required, " | ".join(kinds), shape, "; ".join(dict.fromkeys(notes)), place)

    def kinds(self, schema: Schema) -> tuple[list[str], str]:
        """The names of what it may be, and the shape behind them."""
        names, shape = [], ""
        for one in variants(schema):
            if one.get("type") == "array":
                inner, behind = self.kinds(one.get("items", {}))
                names.append(f"{' | '.join(inner)}[]")
            else:
                behind = self.shape(one)
                names.append(behind or one.get("format") or one.get("type") or "any")
            shape = shape or behind
        return list(dict.fromkeys(names)), shape

    def shape(self, schema: Schema) -> str:
        """The name under which this object's fields stand on the page; empty for what has none."""
        name = str(schema.get("title", ""))
        if "$ref" in schema:
            name = str(schema["$ref"]).rpartition("/")[2]
            schema = self.document["components"]["schemas"][name]
        if not schema.get("properties"):
            return ""
        plain: Schema = {key: schema[key] for key in ("properties", "required") if key in schema}
        name, number = name or "Object", 2
        while self.known.setdefault(name, plain) != plain:
            name, number = f"{name.rstrip('0123456789')}{number}", number + 1
        if name not in self.page.shapes:
            self.page.shapes[name] = []
            self.page.shapes[name] = list(self.fields(schema))
        return name


def variants(schema: Schema) -> Iterable[Schema]:
    """The schema with each of its alternatives, or alone."""
    several: list[Schema] = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf") or []
    return [{"default": schema.get("default"), **one} for one in several] if several else [schema]


@cache
def read(api: NinjaAPI) -> Page:
    """Once a process: the document says the same in every language."""
    return Reader(api.get_openapi_schema()).read()


class OwnDocs(DocsBase):
    """Ninja's own pages load their scripts from elsewhere, which our Content-Security-Policy forbids."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        page = read(api)
        document = self.get_openapi_url(api, kwargs)
        return render(request, "site/api_docs.html", {"page": page, "api": api, "document": document})
