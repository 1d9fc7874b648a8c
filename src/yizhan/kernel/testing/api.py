"""A small REST client over Django's test client."""

import json
from functools import cache
from typing import Any

from django.test import Client

from yizhan.kernel.actor import system_actor


class Answer:
    """Status and body of one answer."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers = response.headers
        self.body: Any = json.loads(response.content) if response.content else None

    def __repr__(self) -> str:
        return f"<{self.status} {json.dumps(self.body, ensure_ascii=False)[:600]}>"

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


class ApiClient:
    """Speaks as one user with a token of his own; without a name, with none."""

    def __init__(self, username: str = "") -> None:
        from yizhan.people.services.accounts import create_token

        self.client = Client(raise_request_exception=True)
        self.headers: dict[str, str] = {}
        if username:
            token = create_token(actor=system_actor("test"), username=username, days=1)
            self.headers = {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Answer(
            self.client.generic(method, f"/api/v1{path}", raw, content_type="application/json", headers={**self.headers, **named})
        )

    def get(self, path: str) -> Answer:
        return self.call("GET", path)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.call("POST", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any) -> Answer:
        return self.call("PATCH", path, body)

    def act(self, number: str, action: str, **body: Any) -> Answer:
        return self.post(f"/tickets/{number}/actions/{action}", body)


@cache
def operations() -> list[tuple[str, str, str]]:
    """Every API operation: (method, path with {placeholders}, operation id)."""
    from yizhan.site.api import api

    schema = api.get_openapi_schema()
    return [
        (method.upper(), path, operation["operationId"])
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]
