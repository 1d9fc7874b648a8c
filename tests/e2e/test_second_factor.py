"""A second factor in a real browser: a passkey on a virtual device, an authenticator app, sessions elsewhere."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.people import Person, check_page
from tests.program import Program

pytestmark = [pytest.mark.browser]


class AtHome(Person):
    """Passkeys belong to a host name, so the address says localhost."""

    def open(self, path: str) -> None:
        self.page.goto(self.program.url.replace("127.0.0.1", "localhost") + path)


def with_device(person: Person) -> None:
    session = person.context.new_cdp_session(person.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def once_more(person: Person) -> None:
    if "reauthenticate" in person.page.url:
        person.page.fill("#id_password", "yizhan-demo")
        person.page.get_by_role("button", name="继续").click()


def test_a_passkey_signs_in_without_a_password(browser: Browser, program: Program) -> None:
    person = AtHome(browser, program, "desktop", "engineer3")
    with_device(person)
    person.page.wait_for_url("**/")
    person.open("/accounts/2fa/")
    check_page(person)
    person.open("/accounts/2fa/webauthn/add/")
    once_more(person)
    check_page(person)
    person.page.locator("#id_name").fill("工作手机")
    passwordless = person.page.locator("#id_passwordless")
    if passwordless.count():
        passwordless.check()
    person.page.get_by_role("button", name="用这台设备或密钥").click()
    person.page.wait_for_url(re.compile("2fa/(recovery-codes|webauthn)/(generate/)?$"))
    person.open("/accounts/2fa/webauthn/")
    expect(person.page.locator("main")).to_contain_text("工作手机")
    check_page(person)
    person.open("/accounts/sessions/")
    check_page(person)
    person.context.clear_cookies()
    person.open("/accounts/login/")
    check_page(person)
    person.page.get_by_role("button", name="用通行密钥登录").click()
    expect(person.page.locator(".yz-side")).to_be_visible()
    person.leave()


def test_an_authenticator_app_is_asked_for(browser: Browser, program: Program) -> None:
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    person = AtHome(browser, program, "phone", "engineer2")
    person.page.wait_for_url("**/")
    person.open("/accounts/2fa/totp/activate/")
    once_more(person)
    secret = person.page.locator("code").inner_text()
    check_page(person)

    def code() -> str:
        return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))

    person.page.fill("#id_code", code())
    person.page.get_by_role("button", name="启用").click()
    person.page.wait_for_url(re.compile("2fa/"))
    person.context.clear_cookies()
    person.open("/accounts/login/")
    person.page.fill("#id_login", "engineer2")
    person.page.fill("#id_password", "yizhan-demo")
    person.page.click("main button.btn-primary")
    expect(person.page.locator("h2")).to_contain_text("第二步")
    check_page(person)
    person.open("/tickets/")
    expect(person.page.locator(".yz-side")).to_have_count(0)  # half signed in is not signed in
    person.leave()
    program.run("manage", "shell", "-c", "from allauth.mfa.models import Authenticator; Authenticator.objects.all().delete()")
