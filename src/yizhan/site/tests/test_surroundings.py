"""What surrounds every answer: whose address counts, what may be kept, what leaves compressed, what no log and no mail keeps."""

import gzip
import json
import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.cache import cache

from yizhan.kernel.models import Notice
from yizhan.kernel.notices.outbox import send_due
from yizhan.site.logs import without_secrets

PROXY = "127.0.0.1"


@pytest.fixture
def behind_proxy(settings: Any) -> Any:
    cache.clear()
    settings.YIZHAN = replace(configured.YIZHAN, trusted_proxies=1)
    yield settings
    cache.clear()


def sign_in(client: Any, name: str, password: str, forwarded: str) -> bool:
    given = {"login": name, "password": password}
    answer = client.post("/accounts/login/", given, REMOTE_ADDR=PROXY, headers={"X-Forwarded-For": forwarded})
    return bool(answer.status_code == 302)


def test_wrong_passwords_of_one_stranger_lock_nobody_else_out(client: Any, db: None, behind_proxy: Any) -> None:
    """Behind the proxy every peer is the proxy: the address that it adds is counted, never one that a stranger writes."""
    for number in range(51):
        sign_in(client, f"nobody{number}", "wrong", f"198.51.100.{number}, 203.0.113.9")
    assert not sign_in(client, "desk", "yizhan-demo", "192.0.2.77, 203.0.113.9")
    assert sign_in(client, "desk", "yizhan-demo", "203.0.113.9, 192.0.2.44")


@pytest.mark.parametrize("forwarded", ["unknown", "", "203.0.113.5:4711", "[2001:db8::5]:4711", "，" * 99, "x" * 5000])
def test_odd_forwarded_addresses_are_no_fault(client: Any, db: None, behind_proxy: Any, forwarded: str) -> None:
    assert sign_in(client, "desk", "yizhan-demo", forwarded)
    assert client.get("/accounts/sessions/").status_code == 200


def test_reset_links_lead_to_the_configured_address_and_are_forgotten_once_sent(client: Any, db: None, settings: Any) -> None:
    settings.EMAIL_BACKEND = "yizhan.site.accounts.OutboxBackend"
    settings.ALLOWED_HOSTS = ["evil.example", "testserver"]
    cache.clear()
    client.post("/accounts/password/reset/", {"email": "desk@yizhan.example"}, headers={"Host": "evil.example"})
    notice = Notice.objects.get(code="account")
    key = re.search(r"http://testserver/accounts/password/reset/key/([^/\s]+)/", notice.body)
    assert key, notice.body
    assert "evil" not in notice.body
    assert send_due() == 1
    notice.refresh_from_db()
    assert notice.state == Notice.State.SENT
    assert key.group(1) not in f"{notice.body}{notice.secret}"


def test_no_link_follows_the_host_header() -> None:
    source = Path(configured.BASE_DIR)
    found = [str(path) for path in source.rglob("*.py") if "tests" not in path.parts and "build_absolute_uri" in path.read_text()]
    assert found == []


@pytest.mark.parametrize("path", ["/", "/tickets/", "/accounts/login/", "/nowhere/", "/api/v1/tickets", "/healthz"])
def test_only_static_files_may_be_kept(page: Any, path: str) -> None:
    kept = page("desk").get(path).headers["Cache-Control"]
    assert "no-store" in kept
    assert "private" in kept


def test_words_leave_compressed_and_accounts_do_not(page: Any) -> None:
    client = page("desk")
    accepting = {"Accept-Encoding": "gzip"}
    plain, packed = client.get("/tickets/"), client.get("/tickets/", headers=accepting)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert len(packed.content) * 2 < len(plain.content)
    assert "工单" in gzip.decompress(packed.content).decode() or "事件" in gzip.decompress(packed.content).decode()
    assert client.get("/accounts/2fa/", headers=accepting, follow=True).headers.get("Content-Encoding") is None


def test_a_page_shows_no_form_token_twice(page: Any) -> None:
    """Compression tells lengths: what must stay secret differs from one answer to the next."""
    client = page("desk")
    tokens = [
        re.findall(r'csrfmiddlewaretoken" value="(\w+)"|"X-CSRFToken": ?"(\w+)"', client.get("/tickets/").content.decode())
        for _ in "ab"
    ]
    assert tokens[0]
    assert not set(tokens[0]) & set(tokens[1])


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("/s/dGhpc2lzYXNlY3JldA", "/s/…"),
        ("Internal Server Error: /s/abcdefgh12345678/", "Internal Server Error: /s/…/"),
        ("/v/Zm9vYmFyYmF6/", "/v/…/"),
        ("/accounts/password/reset/key/1-d1a2b3-0123456789abcdef0123456789abcdef/", "/accounts/password/reset/key/…/"),
        ("GET /events?pass=MQ:1abc:def&x=1", "GET /events?pass=…&x=1"),
        ("/tickets/INC261122-00042/", "/tickets/INC261122-00042/"),
        ('File "/opt/yizhan/src/yizhan/site/middleware.py", line 7', 'File "/opt/yizhan/src/yizhan/site/middleware.py", line 7'),
    ],
)
def test_what_opens_something_is_cut_from_log_lines(line: str, kept: str) -> None:
    assert without_secrets(line) == kept


def test_a_failing_sign_page_leaves_no_token_in_the_log(client: Any, db: None) -> None:
    """Through the logging that the program really has."""
    token = "c2VjcmV0LXNpZ24tdG9rZW4"
    formatter = logging.getLogger().handlers
    root = next(handler for handler in formatter if type(handler.formatter).__name__ == "ProcessorFormatter")
    record = logging.LogRecord("django.request", logging.ERROR, "", 0, "Internal Server Error: %s", (f"/s/{token}",), None)
    line = json.loads(root.format(record))
    assert line["event"] == "Internal Server Error: /s/…"


def test_every_sent_form_is_told_to_the_browser_and_only_so_many_at_once(page: Any, api: Any) -> None:
    new = {"customer": "demo-a", "requester": {"name": "张倩"}, "subject": "x"}
    number = api("desk").post("/tickets", new)["number"]
    client = page("desk")
    for count in range(25):
        assert client.post(f"/tickets/{number}/messages/", {"body": "x", "draft": f"{count:02}-message"}).status_code == 302
        for name in [name for name, cookie in client.cookies.items() if cookie["max-age"] == 0]:
            del client.cookies[name]  # as a browser does
    told = sorted(name for name in client.cookies if name.startswith("yz_sent"))
    assert told == [f"yz_sent.{count:02}-message" for count in range(5, 25)]
