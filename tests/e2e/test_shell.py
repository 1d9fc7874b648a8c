"""The shell as people feel it: what others do appears by itself, who else is here, Ctrl-K, undo."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.people import Person, check_page
from tests.program import Program

pytestmark = [pytest.mark.browser]


def ticket(program: Program, subject: str) -> str:
    body = {"customer": "demo-a", "requester": {"name": "张倩"}, "subject": subject}
    number: str = program.api("desk", "POST", "/tickets", body)[1]["number"]
    return number


def test_two_at_one_ticket(browser: Browser, program: Program) -> None:
    number = ticket(program, "两个人一起看")
    one, two = Person(browser, program, "desktop", "engineer1"), Person(browser, program, "desktop", "desk")
    stranger = Person(browser, program, "phone", "requester1")
    for person in (one, two, stranger):
        person.page.wait_for_url("**/")
        person.open(f"/tickets/{number}/")
    expect(two.page.locator("[data-presence]")).to_contain_text("陈立 也在看")
    expect(one.page.locator("[data-presence]")).to_contain_text("林晓雯 也在看")
    one.page.locator("#msg-body").press_sequentially("我来看看")
    expect(two.page.locator("[data-presence]")).to_contain_text("陈立 正在输入")
    program.api("requester1", "POST", f"/tickets/{number}/messages", {"body": "又坏了一台"})
    expect(two.page.locator(".yz-tl")).to_contain_text("又坏了一台")
    expect(one.page.locator(".yz-tl")).to_contain_text("又坏了一台")
    expect(one.page.locator("#msg-body")).to_have_value("我来看看")  # what is being written stays
    expect(stranger.page.locator("[data-presence]")).to_have_count(0)
    one.open("/")
    expect(two.page.locator("[data-presence]")).not_to_contain_text("陈立", timeout=15_000)
    for person in (one, two, stranger):
        person.leave()


def test_undo_after_a_claim(browser: Browser, program: Program) -> None:
    number = ticket(program, "接错了")
    person = Person(browser, program, "desktop", "engineer1")
    person.page.wait_for_url("**/")
    person.open(f"/tickets/{number}/")
    person.page.keyboard.press("a")
    expect(person.page.locator("form.undo")).to_be_visible()
    check_page(person)
    person.page.keyboard.press("Alt+z")
    expect(person.page.locator(".yz-route")).to_contain_text("未派")
    expect(person.page.locator("main")).to_contain_text("已撤销")
    person.leave()


def test_ctrl_k_goes_anywhere(browser: Browser, program: Program) -> None:
    number = ticket(program, "用命令面板找到我")
    person = Person(browser, program, "desktop", "desk")
    person.page.wait_for_url("**/")
    person.open(f"/tickets/{number}/")
    person.page.keyboard.press("Control+k")
    expect(person.page.locator("#palette")).to_be_visible()
    check_page(person)
    person.page.keyboard.type("tonghua"[:2])
    person.page.keyboard.press("Escape")
    expect(person.page.locator("#palette")).to_be_hidden()
    person.page.keyboard.press("Control+k")
    person.page.keyboard.type("登记台")
    expect(person.page.locator("#palette-found")).to_contain_text("登记台")
    person.page.keyboard.press("Enter")
    person.page.wait_for_url(re.compile("/desk/$"))
    person.page.keyboard.press("Control+k")
    person.page.keyboard.type(number[-5:])
    expect(person.page.locator("#palette-found")).to_contain_text("用命令面板找到我")
    person.page.keyboard.press("Enter")
    person.page.wait_for_url(f"**/tickets/{number}/")
    person.leave()
