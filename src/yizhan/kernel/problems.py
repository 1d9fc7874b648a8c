"""The API's one shape of a refusal (RFC 9457), also for what answers before any app is loaded."""

from typing import Any

import orjson

PROBLEM = "application/problem+json"


def problem_body(status: int, code: str, message: str, **more: Any) -> bytes:
    """With a stable `code`; `more` is what this refusal tells besides, such as `errors` by field."""
    body = {"type": "about:blank", "title": message, "status": status, "code": code, "detail": message, **more}
    return orjson.dumps(body, default=str)
