"""What the web server calls: nothing is left open, and who is refused before the pages hears it in their shape."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_finished

from yizhan.site.bodies import Limits
from yizhan.site.front import Front

STATIC = Path(__file__).parents[2] / "static"


def scope_of(path: str, *headers: tuple[bytes, bytes], method: str = "GET") -> dict[str, Any]:
    return {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"", "http_version": "1.1",
        "scheme": "http", "server": ("testserver", 80), "client": ("192.0.2.1", 4711), "headers": [(b"host", b"testserver"), *headers],
    }  # fmt: skip


async def no_body() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


@pytest.fixture
def ended() -> Any:
    """How many answers were closed."""
    told: list[object] = []

    def hear(**_named: object) -> None:
        told.append(1)

    request_finished.connect(hear)
    yield told
    request_finished.disconnect(hear)


def test_it_starts_by_itself() -> None:
    """The server imports it first, before any app is loaded."""
    done = subprocess.run([sys.executable, "-c", "import yizhan.site.front"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]


def test_who_leaves_before_the_answer_begins_leaves_no_file_open(ended: list[object]) -> None:
    async def send(_message: dict[str, Any]) -> None:
        raise ConnectionResetError

    large = max(STATIC.glob("dist/*.js"), key=lambda file: file.stat().st_size)
    with pytest.raises(ConnectionResetError):
        asyncio.run(Front(Limits(size=1000), 1)(scope_of(f"/static/dist/{large.name}"), no_body, send))
    assert len(ended) == 1


def refused_body(_client: Any) -> tuple[str, dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(Front(Limits(size=10), 1)(scope_of("/api/v1/tickets", (b"content-length", b"11"), method="POST"), no_body, send))
    return dict(sent[0]["headers"])[b"content-type"].decode(), json.loads(sent[1]["body"])


def answered(path: str) -> Callable[[Any], tuple[str, dict[str, Any]]]:
    def ask(client: Any) -> tuple[str, dict[str, Any]]:
        answer = client.get(path)
        return answer.headers["Content-Type"], json.loads(answer.content)

    return ask


@pytest.mark.parametrize(
    "ask", [answered("/api/v1/tickets"), answered("/api/v1/nonsense"), answered("/api/v1/tickets?q=%00"), refused_body]
)
def test_every_refusal_of_the_api_has_one_shape(ask: Callable[[Any], Any], client: Any, db: None) -> None:
    kind, told = ask(client)
    assert kind == "application/problem+json"
    assert set(told) == {"type", "title", "status", "code", "detail"}
    assert told["detail"] == told["title"]
