"""A signed-in browser's side of live news, without a browser: the page's own address, and what comes from it."""

import html
import http.client
import http.cookiejar
import json
import re
import time
import urllib.parse
import urllib.request
from typing import Any

from tests.program import Program
from yizhan.site.config import DEMO_PASSWORD

WAIT = 30


class SignedIn:
    """One person's browser, signed in through the form."""

    def __init__(self, program: Program, username: str, password: str = DEMO_PASSWORD) -> None:
        self.program = program
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        self.send("/accounts/login/", login=username, password=password)

    def get(self, path: str) -> str:
        with self.opener.open(self.program.url + path, timeout=WAIT) as answer:
            found: str = answer.read().decode()
            return found

    def send(self, path: str, *, page: str = "", **fields: str) -> str:
        """Send a form as it stands on this page (by default, on its own)."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(page or path))
        assert token
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        request = urllib.request.Request(self.program.url + path, data=body, headers={"Origin": self.program.url})
        with self.opener.open(request, timeout=WAIT) as answer:
            found: str = answer.read().decode()
            return found

    def stream(self, path: str = "/") -> str:
        found = re.search(r'data-stream="([^"]+)"', self.get(path))
        assert found, "no live address on this page"
        return html.unescape(found[1])


class Ear:
    """One open stream."""

    def __init__(self, address: str, *, after: str = "", ticket: str = "") -> None:
        parts = urllib.parse.urlsplit(address + (f"&ticket={ticket}" if ticket else ""))
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=WAIT)
        self.connection.request("GET", f"{parts.path}?{parts.query}", headers={"Last-Event-ID": after} if after else {})
        self.answer = self.connection.getresponse()
        self.status, self.mark = self.answer.status, ""
        if self.status == 200:
            self.line()

    def line(self) -> str | None:
        """The next line; its mark is kept. None at the end of the stream."""
        raw = self.answer.readline()
        if not raw:
            return None
        text = raw.decode().rstrip("\n")
        if text.startswith("id: "):
            self.mark = text[4:]
        return text

    def next(self) -> dict[str, Any] | None:
        """The next news with its mark; None when the stream has ended."""
        while (text := self.line()) is not None:
            if text.startswith("data: "):
                return {**json.loads(text[6:]), "id": self.mark}
        return None

    def until(self, number: str, kind: str) -> list[dict[str, Any]]:
        """Everything up to and with this news."""
        found: list[dict[str, Any]] = []
        while (news := self.next()) is not None:
            found.append(news)
            if (news.get("number"), news["type"]) == (number, kind):
                return found
        raise AssertionError(f"the stream ended before {kind}: {found}")

    def ends(self, seconds: float = WAIT) -> bool:
        """Whether the other side closes it, heartbeats aside."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.line() is None:
                return True
        return False
