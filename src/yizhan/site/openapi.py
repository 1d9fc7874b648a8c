"""The OpenAPI document: what every operation may answer besides its own, in one shape; built once a process."""

import hashlib
from functools import cache
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import condition
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from pydantic import BaseModel, ConfigDict

from yizhan.kernel.problems import PROBLEM

REFUSED = {
    400: "The request cannot be read.", 401: "No valid token.", 403: "Seen, but not yours to do.",
    404: "There is no such record for you.",
    405: "This path takes other methods.", 409: "The record is not in the condition that this needs.", 413: "Too large.",
    422: "Something in the request is wrong, or still missing.", 429: "Too often.",
    503: "Nothing was done; the same may succeed in a moment.",
}  # fmt: skip

ABOUT = """
**Refusals** come in this order: 401; 404 (no such record for you), before the body is read; 403; 400 or 422 (the body);
409 `stale_version`; 409 `transition_not_allowed`; 422 (`code`, and `missing` where something is still to be done).

**Repeats.** Send an `Idempotency-Key` with what must not be done twice: a repeat under the same key gets the first answer,
with another body 422. Without a key, a `version` makes the repeat a 409 `stale_version`. Without either, an action that
the ticket's state forbids by then is a 409 `transition_not_allowed`; and where the state stays (`record_return_visit`,
`transfer`), the same words by the same person within 90 seconds, with nothing in between, are the same act: 200, and
nothing is done again.
"""


class Problem(BaseModel):
    """RFC 9457, with a stable `code`; `errors` holds messages by field, `missing` what is still to be done."""

    model_config = ConfigDict(extra="allow")
    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: dict[str, Any] = {}
    missing: list[str] = []


def refusals(path: str, method: str, operation: dict[str, Any]) -> list[int]:
    found = [400, 401, 403, 405, 429, 503]
    if "{" in path:
        found.append(404)
    if method in {"post", "patch"}:
        found += [404, 409, 413, 422]
    return [*found, 422] if operation.get("parameters") else found


class DocumentedAPI(NinjaAPI):
    """Adds to each operation the refusals that can come, with the problem as a component."""

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None) -> OpenAPISchema:
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        schema["components"].setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
        shape = {"schema": {"$ref": "#/components/schemas/Problem"}}
        for path, methods in schema["paths"].items():
            for method, operation in methods.items():
                for status in refusals(path, method, operation):
                    operation["responses"][status] = {"description": REFUSED[status], "content": {PROBLEM: shape}}
        return schema


@cache
def written(api: NinjaAPI) -> tuple[bytes, str]:
    """The document and its tag: the same for everybody, in every language, until the next release."""
    text = orjson.dumps(api.get_openapi_schema(), default=str, option=orjson.OPT_NON_STR_KEYS)
    return text, f'"{hashlib.sha256(text).hexdigest()[:32]}"'


@condition(etag_func=lambda request, api: written(api)[1])
def document(request: HttpRequest, api: NinjaAPI) -> HttpResponse:
    """A program may keep it, and asks whether it still holds."""
    return HttpResponse(written(api)[0], content_type="application/json", headers={"Cache-Control": "private, no-cache"})
