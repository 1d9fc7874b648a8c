"""The people of the first morning, and how they use a screen: they look, they wait a moment, they come back to a page."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, expect
from xlsxwriter import Workbook

from tests.e2e.people import Person
from tests.program import Program

PASSWORD = "Fruehling-2026-一站"
PAUSE = 850
LONG = 120_000
TROUBLE = re.compile("我们这边出错了|页面打开太久了|没有这个页面")


class Walker(Person):
    """Somebody who reads before he presses, looks at every page twice, and lets no page scroll sideways."""

    def wait(self) -> None:
        self.page.wait_for_timeout(PAUSE)

    def visit(self, path: str) -> None:
        """Open it, look, open it once more."""
        for _ in range(2):
            self.open(path)
            self.look()

    def look(self) -> None:
        self.wait()
        over = self.page.evaluate("document.documentElement.scrollWidth") - self.width
        assert over <= 0, (self.page.url, over)
        expect(self.page.locator("main")).not_to_contain_text(TROUBLE)

    def find(self, words: str) -> Locator:
        """What can be pressed and says this."""
        exact = re.compile(rf"^\s*{re.escape(words)}(\s|$)")
        return self.page.get_by_role("button", name=exact).or_(self.page.get_by_role("link", name=exact)).first

    def press(self, words: str) -> None:
        self.find(words).click()
        self.look()

    def type(self, place: str, words: str) -> None:
        self.page.locator(place).click()
        self.page.keyboard.type(words, delay=10)
        self.wait()

    def sign_in(self, username: str) -> None:
        self.open("/accounts/login/")
        self.type("#id_login", username)
        self.type("#id_password", PASSWORD)
        self.page.click("main button.btn-primary")
        expect(self.page.locator("details.me")).to_be_visible()
        self.look()

    def sign_out(self) -> None:
        self.page.locator("details.me summary").click()
        self.wait()
        self.page.locator("details.me").get_by_role("button", name="退出登录").click()
        self.page.wait_for_url("**/accounts/login/**")

    def has_read(self, words: str) -> None:
        expect(self.page.locator("main")).to_contain_text(words)


@dataclass
class Story:
    """The house and its people; each chapter goes on where the one before ended."""

    browser: Browser
    house: Program
    people: dict[str, Walker] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)

    def comes(self, username: str, size: str = "desktop") -> Walker:
        """This person at a screen of this size, signed in through the form the first time."""
        key = f"{username} {size}"
        if key not in self.people:
            person = Walker(self.browser, self.house, size)
            person.sign_in(username)
            self.people[key] = person
        return self.people[key]

    def stranger(self, size: str = "phone") -> Walker:
        return Walker(self.browser, self.house, size)

    def everybody_leaves(self) -> None:
        for person in self.people.values():
            person.context.close()

    def sheet(self, name: str, rows: list[list[str]]) -> Path:
        """An Excel sheet as a customer's clerk would send it."""
        path = self.house.place / name
        with Workbook(str(path)) as book:
            page = book.add_worksheet()
            for number, row in enumerate(rows):
                page.write_row(number, 0, row)
        return path


def import_contacts(person: Walker, path: Path, new: int) -> None:
    """A sheet into the contacts: file, columns, what would happen, done by the house's own worker."""
    person.visit("/data/contacts/import/")
    person.page.set_input_files("#file", path)
    person.press("读取文件")
    person.page.locator("input[name=create_missing]").check()
    person.press("先看会怎样")
    word = person.page.locator("button[name=step][value=write]")
    again = person.page.locator("button[name=step][value=again]")
    expect(again).to_be_visible(timeout=LONG)
    figures = person.page.locator("dl.tiles dd")
    expect(figures.first).to_have_text(str(new))
    expect(figures.last).to_have_text("0")
    if new:
        word.click()
        expect(person.page.locator("main h2").first).to_contain_text("完成", timeout=LONG)
        expect(figures.first).to_have_text(str(new))
    person.look()
