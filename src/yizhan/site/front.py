"""What the web server calls: a request is complete before a thread takes it, and an answer leaves without one.

The server's own WSGI hands a request to a thread before its body has come and keeps the thread until the
reader has taken the answer, so that a dozen slow strangers stop everybody (docs/decisions/0010). Here bodies
are read and large answers sent by the event loop; the threads only compute.
"""

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import unquote_to_bytes

import structlog
from django.conf import settings
from django.db import close_old_connections

from yizhan.kernel import rooms
from yizhan.kernel.problems import PROBLEM, problem_body
from yizhan.site.addresses import forwarded_address
from yizhan.site.bodies import Bodies, Gone, Limits, Receive, Refused
from yizhan.site.wsgi import application as pages

CHUNK = 32 * 2**10
READER_PATIENCE = 60  # seconds in which a reader must take the next chunk of a large answer
JOINED_BY = {"HTTP_COOKIE": "; "}
UNREADABLE = Refused(400, "unreadable", "The request could not be read. / 请求无法读取。")
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
log = structlog.get_logger("yizhan.front")


@dataclass
class Answer:
    """What the pages said; `rest` is what is too large to be held, one chunk after another."""

    start: dict[str, Any]
    whole: bytes = b""
    rest: Iterator[bytes] | None = None
    close: Callable[[], None] | None = None


def environ_of(scope: dict[str, Any], body: Any, length: int) -> dict[str, Any]:
    """A request as WSGI wants it. Names with an underscore are dropped: they would pass for those with a hyphen."""
    found: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"], "SCRIPT_NAME": "", "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"), "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": scope["server"][0], "SERVER_PORT": str(scope["server"][1]), "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0), "wsgi.url_scheme": scope["scheme"], "wsgi.input": body, "wsgi.errors": sys.stderr,
        "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False,
    }  # fmt: skip
    for raw_name, raw_value in scope["headers"]:
        if b"_" in raw_name:
            continue
        name, value = "HTTP_" + raw_name.decode("latin-1").upper().replace("-", "_"), raw_value.decode("latin-1")
        found[name] = f"{found[name]}{JOINED_BY.get(name, ',')}{value}" if name in found else value
    found.pop("HTTP_CONTENT_LENGTH", None)
    if "HTTP_CONTENT_TYPE" in found:
        found["CONTENT_TYPE"] = found.pop("HTTP_CONTENT_TYPE")
    if length:
        found["CONTENT_LENGTH"] = str(length)
    return found


def ask(scope: dict[str, Any], body: Any, length: int) -> Answer:
    """In a thread: the pages' answer."""
    start: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], _exc: Any = None) -> None:
        pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        start.update(type="http.response.start", status=int(status.split(" ", 1)[0]), headers=pairs)

    result = cast(Any, pages)(environ_of(scope, body, length), start_response)
    close = getattr(result, "close", None)
    if getattr(result, "streaming", False) and scope["method"] != "HEAD":
        close_old_connections()  # the rest is read by whichever thread is free
        return Answer(start, rest=sliced(result), close=close)
    try:
        whole = b"" if scope["method"] == "HEAD" else b"".join(result)
    finally:
        if close:
            close()
    return Answer(start, whole)


def sliced(parts: Iterable[bytes]) -> Iterator[bytes]:
    for part in parts:
        for at in range(0, len(part), CHUNK):
            yield part[at : at + CHUNK]


class Front:
    """The ASGI application of one web process."""

    def __init__(self, limits: Limits, threads: int) -> None:
        self.bodies = Bodies(limits)
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="page")

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers: Headers = scope["headers"]
        body: Any = None
        length = 0
        try:
            if expects_body(headers):
                body, length = await self.bodies.read(receive, declared_length(headers), address_of(scope))
            await self.answer(scope, body or io.BytesIO(), length, send)
        except Gone:  # who is still there to read it sent something malformed
            await refuse(scope, UNREADABLE, send)
        except Refused as refused:
            log.warning("body_refused", code=refused.code, path=scope["path"])
            await refuse(scope, refused, send)
        finally:
            if body is not None:
                self.bodies.release(body, length)

    async def answer(self, scope: dict[str, Any], body: Any, length: int, send: Send) -> None:
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self.threads, ask, scope, body, length)
        try:
            await send(answer.start)
            if answer.rest is None:
                await send({"type": "http.response.body", "body": answer.whole})
                return
            while chunk := await loop.run_in_executor(self.threads, next, answer.rest, b""):
                async with asyncio.timeout(READER_PATIENCE):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            log.warning("reader_too_slow", path=scope["path"])
        finally:
            if answer.close:
                await loop.run_in_executor(self.threads, answer.close)


def expects_body(headers: Headers) -> bool:
    return any(name in {b"content-length", b"transfer-encoding"} and value != b"0" for name, value in headers)


def declared_length(headers: Headers) -> int | None:
    given = next((value for name, value in headers if name == b"content-length"), b"")
    return int(given) if given.isdigit() else None


def address_of(scope: dict[str, Any]) -> str:
    forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").decode("latin-1")
    return forwarded_address(forwarded, str(scope["client"][0]))


async def refuse(scope: dict[str, Any], refused: Refused, send: Send) -> None:
    """The API's callers get a problem, people a sentence; the connection ends, since the rest of the body was not read."""
    if scope["path"].startswith("/api/"):
        kind, content = PROBLEM.encode(), problem_body(refused.status, refused.code, refused.words)
    else:
        kind, content = b"text/plain; charset=utf-8", refused.words.encode()
    headers = [(b"content-type", kind), (b"connection", b"close"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


rooms.serve_pages_with(settings.YIZHAN.web_threads)
application = Front(Limits(size=settings.YIZHAN.body_limit), settings.YIZHAN.web_threads)
