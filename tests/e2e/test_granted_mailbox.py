"""A mailbox without a password, end to end: a real provider, Dovecot and Postfix that ask it, and a browser between."""

import imaplib
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.people import Person, check_page
from tests.mail_servers import PASSWORD, MailServers, wait_for
from tests.oauth_provider import CLIENT, PERSON_PASSWORD, SECRET, OAuthProvider
from tests.program import Program

pytestmark = [pytest.mark.browser, pytest.mark.server("dovecot")]
ADDRESS = "granted@yizhan.example"
OVER = "UPDATE oauth2_provider_accesstoken SET expires = '2026-01-01 00:00:00'"
REQUESTER = "requester2@demo-b.example"


@pytest.fixture(scope="module")
def provider(program: Program, mail_servers: MailServers) -> Iterator[OAuthProvider]:
    running = OAuthProvider(mail_servers.place / "provider", mail_servers.oauth)
    running.start(ADDRESS, f"{program.url}/channels/mailboxes/connected/")
    wait_for(running.port, 40)
    yield running
    running.stop()


def until(what: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, what
        time.sleep(0.3)


def sign_in(page: Page) -> None:
    page.get_by_role("link", name="去服务商处登录").click()
    page.wait_for_url("**/login/**")
    page.fill("#id_username", ADDRESS)
    page.fill("#id_password", PERSON_PASSWORD)
    page.get_by_role("button", name="Log in").click()


def subjects(servers: MailServers, user: str) -> str:
    with imaplib.IMAP4("127.0.0.1", servers.imap, timeout=20) as box:
        box.login(user, PASSWORD)
        box.select("INBOX", readonly=True)
        numbers = box.search(None, "ALL")[1][0].decode().replace(" ", ",")
        return str(box.fetch(numbers, "(BODY.PEEK[HEADER.FIELDS (FROM)])")) if numbers else ""


def test_a_mailbox_opened_by_a_grant(
    browser: Browser, program: Program, mail_servers: MailServers, provider: OAuthProvider
) -> None:
    admin = Person(browser, program, "desktop", "admin")
    page = admin.page
    admin.open("/channels/mailboxes/new/?by=microsoft")
    expect(page.locator("#id_imap")).to_have_value("outlook.office365.com")
    check_page(admin)
    admin.open("/channels/mailboxes/new/?by=other")
    page.fill("#id_name", "granted")
    page.fill("#id_address", ADDRESS)
    page.select_option("#id_customer", "demo-b")
    page.select_option("#id_security", "imap")
    page.fill("#id_imap", f"127.0.0.1:{mail_servers.imap}")
    page.select_option("#id_smtp_security", "smtp")
    page.fill("#id_smtp", f"127.0.0.1:{mail_servers.submission}")
    page.fill("#id_client_id", CLIENT)
    page.fill("#id_client_secret", SECRET)
    page.fill("#id_authorize_url", "http://mail.provider.example/o/authorize/")
    page.fill("#id_token_url", f"{provider.url}/o/token/")
    page.fill("#id_scope", "mail")
    page.get_by_role("button", name="保存并去登录").click()
    expect(page.locator("main")).to_contain_text("https://")  # plain HTTP to another machine: refused
    page.fill("#id_authorize_url", f"{provider.url}/o/authorize/")
    page.fill("#id_client_secret", SECRET)
    page.get_by_role("button", name="保存并去登录").click()
    expect(page.locator("main")).to_contain_text("/channels/mailboxes/connected/")
    check_page(admin)

    sign_in(page)
    page.locator("input[name=allow], button[name=allow]").first.click()
    expect(page.locator(".yz-flash")).to_contain_text("可以用")
    expect(page.locator("li", has_text=ADDRESS)).to_contain_text("正常")
    check_page(admin)

    mail_servers.send(REQUESTER, "会议室的投影打不开", "没有信号", to=ADDRESS)
    until(lambda: "会议室的投影打不开" in str(program.api("desk", "GET", "/tickets?limit=10&channel=mail")[1]))
    until(lambda: ADDRESS in subjects(mail_servers, REQUESTER))  # the receipt, by a port that only takes who signed in

    # The provider takes the tokens in use back: the next poll has a new one before anybody sees red.
    assert provider.sql(OVER) > 0
    mail_servers.send(REQUESTER, "投影又打不开了", "还是没有信号", to=ADDRESS)
    until(lambda: "投影又打不开了" in str(program.api("desk", "GET", "/tickets?limit=10&channel=mail")[1]))
    time.sleep(12)
    admin.open("/channels/")
    expect(page.locator("li", has_text=ADDRESS)).to_contain_text("正常")

    # It takes the grant itself back: red with the reason and the way out; one sign-in, and all is well.
    provider.sql("UPDATE oauth2_provider_refreshtoken SET revoked = '2026-01-01 00:00:00'")
    provider.sql(OVER)

    def is_red() -> bool:
        admin.open("/channels/")
        return "重新登录" in page.locator("li", has_text=ADDRESS).inner_text()

    until(is_red, 60)
    check_page(admin)
    page.locator("li", has_text=ADDRESS).get_by_role("link", name="去服务商处登录").click()
    page.get_by_role("link", name="去服务商处登录").click()
    page.locator("input[name=allow], button[name=allow]").first.click()
    expect(page.locator(".yz-flash")).to_contain_text("可以用")
    expect(page.locator("li", has_text=ADDRESS)).to_contain_text("正常")

    admin.open("/channels/mailboxes/connected/?code=stolen&state=guessed")
    expect(page.locator(".yz-flash")).to_contain_text("不是从这里开始的")
    admin.leave()
