"""Somebody at a screen, and what every page must stand."""

from typing import Any

from playwright.sync_api import Browser, Page

from tests.program import ROOT, Program

SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text()


class Person:
    """Somebody at a screen of one size."""

    def __init__(self, browser: Browser, program: Program, size: str, username: str = "") -> None:
        width, height = SIZES[size]
        self.width = width
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", is_mobile=size == "phone", has_touch=size == "phone",
            reduced_motion="reduce",
        )  # fmt: skip
        self.context.set_default_timeout(15_000)
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.program = program
        if username:
            self.open("/accounts/login/")
            self.page.fill("#id_login", username)
            self.page.fill("#id_password", "yizhan-demo")
            self.page.click("main button.btn-primary")

    def open(self, path: str) -> None:
        self.page.goto(self.program.url + path)

    def leave(self) -> None:
        assert not self.faults
        self.context.close()


def check_page(person: Person) -> None:
    """No sideways scrolling, and axe finds nothing (WCAG 2.2 A and AA)."""
    width = person.page.evaluate("document.documentElement.scrollWidth") - person.width
    assert width <= 0, (person.page.url, width)
    person.page.evaluate(f"() => {{ {AXE} }}")
    found: Any = person.page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}).then(r =>"
        " r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 120)).join(' | ')))"
    )
    assert found == [], (person.page.url, found)
