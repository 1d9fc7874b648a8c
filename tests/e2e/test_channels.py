"""Channels as people meet them: the ringing telephone, a mailbox tried first, a letter heard at once."""

import email
import email.policy
import hashlib
import hmac
import imaplib
import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.people import Person, check_page
from tests.mail_servers import PASSWORD, MailServers
from tests.program import Program

pytestmark = [pytest.mark.browser, pytest.mark.server("dovecot")]


def database_url(program: Program) -> str:
    """Where the program's database is, as its own worker was told."""
    words = Path(f"/proc/{program.children()['worker']}/environ").read_bytes().split(b"\0")
    return next(w.split(b"=", 1)[1].decode() for w in words if w.startswith(b"YIZHAN_DATABASE_URL="))


def ring(program: Program, name: str, secret: str, body: dict[str, str]) -> int:
    raw, stamp = json.dumps(body).encode(), str(int(time.time()))
    sign = "sha256=" + hmac.new(secret.encode(), stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
    headers = {"X-Yizhan-Timestamp": stamp, "X-Yizhan-Signature": sign, "Content-Type": "application/json"}
    request = urllib.request.Request(f"{program.url}/hooks/phone/{name}/", data=raw, headers=headers, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(answer.status)


def test_the_callers_card_pops_up_by_itself(browser: Browser, program: Program) -> None:  # S2 S3
    secret = program.run("channel", "phone", "add", "--name", "cc").splitlines()[-1]
    desk, other = Person(browser, program, "desktop", "desk"), Person(browser, program, "desktop", "engineer1")
    for person in (desk, other):
        person.open("/tickets/")
        person.page.wait_for_timeout(1500)
    assert ring(program, "cc", secret, {"id": "77", "event": "ringing", "from": "13800005678", "agent": "desk"}) == 202
    expect(desk.page.locator("#ringing")).to_contain_text("张倩")
    check_page(desk)
    expect(other.page.locator("#ringing")).to_have_count(0)  # it rings at the desk only
    desk.page.locator("#ringing").get_by_role("link", name="登记").click()
    desk.page.locator("#subject").fill("打印机没粉了")
    desk.page.keyboard.press("Control+Enter")
    expect(desk.page.locator(".say-no")).to_be_visible()
    desk.open("/calls/?view=all")
    expect(desk.page.locator("main")).to_contain_text("张倩")
    check_page(desk)
    desk.leave()
    other.leave()


def test_a_mailbox_is_tried_before_it_is_kept(browser: Browser, program: Program, mail_servers: MailServers) -> None:
    person = Person(browser, program, "desktop", "admin")
    person.open("/channels/mailboxes/new/")
    check_page(person)
    page = person.page
    page.fill("#id_name", "second")
    page.fill("#id_address", "requester2@demo-b.example")
    page.select_option("#id_customer", "demo-b")
    page.select_option("#id_security", "imap")
    page.fill("#id_imap", f"127.0.0.1:{mail_servers.imap}")
    page.fill("#id_password", "wrong")
    page.get_by_role("button", name="试连并保存").click()
    expect(page.locator("main")).to_contain_text("服务器答复")
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="试连并保存").click()
    expect(page.locator(".yz-flash")).to_contain_text("可以用")
    page.locator("li", has_text="second").get_by_role("button", name="停止读取").click()
    check_page(person)
    person.leave()


POLLS = "SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE 'channels.poll%%' AND status IN ('todo', 'doing')"
LEAVE = "UPDATE channels_mailbox SET retry_at = now() + interval '1 day' WHERE name = 'main'"
LEFT = "SELECT count(*) FROM channels_mailbox WHERE name = 'main' AND retry_at > now()"


def leave_to_the_bell(database: psycopg.Connection[Any]) -> None:
    """From now on no periodic poll fetches the mailbox, and none that began before is under way."""
    end = time.monotonic() + 120
    while True:
        database.execute(LEAVE)
        while counted(database, POLLS):
            assert time.monotonic() < end
            time.sleep(0.2)
        if counted(database, LEFT):
            return


def counted(database: psycopg.Connection[Any], question: str) -> int:
    row = database.execute(question).fetchone()
    return int(row[0]) if row else 0


def test_a_letter_is_heard_without_a_poll(program: Program, mail_servers: MailServers, mailbox: str) -> None:
    """IDLE: three letters, each a ticket, while the periodic poll leaves the mailbox alone."""
    with psycopg.connect(database_url(program), autocommit=True) as database:
        for number in range(3):
            subject = f"马上就到 {number}"
            leave_to_the_bell(database)
            mail_servers.send("requester1@demo-a.example", subject, "正文")
            end = time.monotonic() + 60
            while subject not in [t["subject"] for t in program.api("desk", "GET", "/tickets?limit=5&channel=mail")[1]["items"]]:
                assert time.monotonic() < end, subject
                time.sleep(0.1)
        database.execute("UPDATE channels_mailbox SET retry_at = NULL WHERE name = 'main'")
    assert "idle_failed" not in (program.place / "console.log").read_text()


def test_an_answer_by_canned_words_and_quote_leaves_as_a_mail(
    browser: Browser, program: Program, mail_servers: MailServers, mailbox: str
) -> None:
    mail_servers.send("requester1@demo-a.example", "扫描不到共享文件夹", "提示没有权限\n昨天还可以")

    def found() -> str:
        items = program.api("desk", "GET", "/tickets?limit=20&channel=mail")[1]["items"]
        return next((item["number"] for item in items if item["subject"] == "扫描不到共享文件夹"), "")

    end = time.monotonic() + 30
    while not found():
        assert time.monotonic() < end
        time.sleep(0.3)
    desk = Person(browser, program, "desktop", "desk")
    desk.open(f"/tickets/{found()}/")
    body = desk.page.locator("#msg-body")
    choice = desk.page.locator("[data-reply-into]")
    words = choice.locator("option").nth(1).get_attribute("value") or ""
    choice.select_option(index=1)
    expect(body).to_have_value(words)
    desk.page.get_by_role("button", name="引用").click()
    text = body.input_value()
    assert text == f"> 提示没有权限\n> 昨天还可以\n\n{words}"
    body.press("Control+Enter")
    expect(desk.page.locator(".yz-story, main")).to_contain_text(words.split("\n")[0][:20])
    desk.leave()
    with imaplib.IMAP4("127.0.0.1", mail_servers.imap, timeout=20) as box:
        box.login("requester1@demo-a.example", PASSWORD)
        end, letters = time.monotonic() + 30, ""
        while "> 提示没有权限" not in letters:
            assert time.monotonic() < end, letters
            time.sleep(0.5)
            box.select("INBOX", readonly=True)
            numbers = box.search(None, "ALL")[1][0].split()
            raws = [box.fetch(number.decode(), "(BODY.PEEK[])")[1][0] for number in numbers]
            letters = "".join(plain(raw[1]) for raw in raws if isinstance(raw, tuple))
    assert words.split("\n")[0] in letters


def plain(raw: bytes) -> str:
    part = email.message_from_bytes(raw, policy=email.policy.default).get_body(("plain",))
    return str(part.get_content()) if part else ""
