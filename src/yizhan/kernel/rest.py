"""Bodies of REST operations: read after scope and permission were asked, documented all the same."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, RawPostDataException
from django.utils.translation import gettext_lazy as _
from ninja import Schema
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    TypeAdapter,
    ValidationError,
    create_model,
    field_validator,
)

from yizhan.kernel.errors import Invalid
from yizhan.kernel.paging import no_constant

S = TypeVar("S", bound="StrictSchema")


class StrictSchema(Schema):
    """A body that names an unknown field is refused rather than half understood."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def storable(cls, value: Any) -> Any:
        """The database keeps no NUL; a lone surrogate does not survive parsing."""
        if has_nul(value):
            raise ValueError("NUL is not allowed")
        return value


def has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(has_nul(key) or has_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(has_nul(item) for item in value)


def words(value: str) -> str:
    if has_nul(value):
        raise ValueError("NUL is not allowed")
    return value


# A text beside a file, in an operation whose body is a form.
Words = Annotated[str, AfterValidator(words)]


def read_body(request: HttpRequest, schema: type[S]) -> S:
    """The request's body as `schema`; an empty one counts as `{}`.

    Raises:
        Invalid: malformed JSON (`malformed_json`), or wrong fields; those missing are listed.
    """
    try:
        text = request.body.decode("utf-8") or "{}"
        text.encode("utf-8")
        given = json.loads(text, parse_constant=no_constant)
        json.dumps(given, ensure_ascii=False).encode("utf-8")
    except RequestDataTooBig as error:
        raise Invalid(_("The body is too large."), code="too_large") from error
    except (RawPostDataException, ValueError, UnicodeError, RecursionError) as error:  # the first: it was read as a form
        raise Invalid(_("The body is not valid JSON."), code="malformed_json") from error
    try:
        return schema.model_validate(given)
    except ValidationError as error:
        fields: dict[str, list[str]] = {}
        for problem in error.errors(include_url=False):
            fields.setdefault(".".join(str(part) for part in problem["loc"]) or "body", []).append(in_words(problem))
        missing = sorted({str(e["loc"][-1]) for e in error.errors(include_context=False) if e["type"] == "missing"})
        raise Invalid(_("Some fields are not right."), fields=fields, missing=missing) from error


def in_words(problem: Any) -> str:
    """What is wrong with a field of a body, in the reader's language."""
    kind, context = str(problem["type"]), problem.get("ctx", {})
    if kind == "missing":
        return str(_("This is needed."))
    if kind == "extra_forbidden":
        return str(_("There is no such field."))
    if kind == "string_too_long":
        return str(_("At most {count} characters.").format(count=context.get("max_length")))
    if kind in {"literal_error", "enum"}:
        return str(_("“{text}” is none of the choices.").format(text=str(problem.get("input"))[:60]))
    return str(_("This value does not fit."))


def documented(
    schema: type[Schema] | None = None, *, answers: Mapping[int, Any] | None = None, parameters: Sequence[Any] = ()
) -> dict[str, Any]:
    """The OpenAPI part of an operation that reads its body itself; `answers` maps a status to its type."""
    found: dict[str, Any] = {}
    if schema is not None:
        shown = inline(schema.model_json_schema())
        found["requestBody"] = {"required": bool(shown.get("required")), "content": {"application/json": {"schema": shown}}}
    if answers:
        found["responses"] = {status: shown_answer(answer) for status, answer in answers.items()}
    if parameters:
        found["parameters"] = list(parameters)
    return found


def shown_answer(answer: Any) -> dict[str, Any]:
    """An answer's part: its type with the example that it carries, or an example alone."""
    if isinstance(answer, type) and issubclass(answer, BaseModel):
        schema = inline(answer.model_json_schema(mode="serialization"))
        content = {"schema": schema} | ({"example": schema.pop("example")} if "example" in schema else {})
    else:
        content = {"schema": described(answer), "example": answer}
    return {"description": "OK", "content": {"application/json": content}}


def listed(one: type[BaseModel]) -> type[BaseModel]:
    """A page of these."""
    own: Any = one.model_config.get("json_schema_extra") or {}
    config = ConfigDict(json_schema_extra={"example": {"items": [own.get("example", {})], "next": None}})
    return create_model(f"{one.__name__}Page", __config__=config, items=(list[one], ...), next=(str | None, ...))  # type: ignore[valid-type]


def query_parameter(name: str, kind: Any, description: str = "") -> dict[str, Any]:
    """A filter of a list."""
    schema = TypeAdapter(kind).json_schema()
    return {
        "name": name,
        "in": "query",
        "required": False,
        "schema": schema,
        **({"description": description} if description else {}),
    }


def described(example: Any) -> dict[str, Any]:
    """The schema that an example shows: names and JSON types, null allowed where the example has it."""
    if isinstance(example, dict):
        return {"type": "object", "properties": {key: described(value) for key, value in example.items()}}
    if isinstance(example, list):
        return {"type": "array", "items": described(example[0])} if example else {"type": "array"}
    kinds: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
    return {"type": kinds[type(example)]}


def inline(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without `$defs`, so that it can stand in the operation itself."""
    definitions = schema.pop("$defs", {})

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            if "$ref" in value:
                return walk(definitions[value["$ref"].rsplit("/", 1)[-1]])
            lacks = value.get("default", "") is None and "null" not in json.dumps(value.get("anyOf", value.get("type")))
            return {key: walk(item) for key, item in value.items() if not (lacks and key == "default")}
        return [walk(item) for item in value] if isinstance(value, list) else value

    return dict(walk(schema))
