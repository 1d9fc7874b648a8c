"""登记台 by keyboard alone (DOMAIN 2.8.1): the keys are counted, not the seconds."""

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.people import Person, check_page
from tests.program import Program

pytestmark = [pytest.mark.browser]
MOST_KEYS = 12


class Hands:
    """Types and presses; every press beyond the text itself counts."""

    def __init__(self, person: Person) -> None:
        self.keyboard, self.keys = person.page.keyboard, 0

    def press(self, key: str) -> None:
        self.keys += 1
        self.keyboard.press(key)

    def type(self, text: str) -> None:
        self.keyboard.type(text)


def test_a_how_to_call_is_logged_by_keyboard(browser: Browser, program: Program) -> None:  # S2
    person = Person(browser, program, "desktop", "engineer1")
    person.open("/desk/")
    hands = Hands(person)
    expect(person.page.locator("#who")).to_be_focused()
    hands.type("zq")
    expect(person.page.locator("#callers [data-choice]").first).to_contain_text("张倩")
    hands.press("Enter")
    expect(person.page.locator("#subject")).to_be_focused()
    hands.type("VLOOKUP 跨表怎么用")
    hands.press("Alt+4")
    hands.press("Alt+c")
    if not person.page.locator("#cat").input_value():
        hands.press("ArrowDown")
    hands.press("Alt+d")
    expect(person.page.locator("#done-what")).to_be_focused()
    hands.type("教了写法，用户自己做了一遍")
    hands.press("Control+Enter")
    number = person.page.locator(".say-no")
    expect(number).to_be_visible()
    expect(person.page.locator(".yz-state").first).to_contain_text("完成")
    assert hands.keys <= MOST_KEYS, hands.keys
    expect(person.page.locator("#who")).to_be_focused()
    person.leave()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_chat_message_becomes_a_ticket(size: str, browser: Browser, program: Program) -> None:  # S3
    person = Person(browser, program, size, "desk")
    person.open("/desk/")
    person.page.locator("details.paste summary").click()
    person.page.locator("#paste").fill("张倩 10:22\n三楼302打印机卡纸，今天要打合同")
    person.page.get_by_role("button", name="摘取内容").click()
    expect(person.page.locator("#subject")).to_have_value("三楼302打印机卡纸，今天要打合同")
    expect(person.page.locator(".caller-col")).to_contain_text("张倩")
    check_page(person)
    person.page.get_by_role("button", name="登记").first.click()
    expect(person.page.locator(".say-no")).to_be_visible()
    check_page(person)
    person.leave()
