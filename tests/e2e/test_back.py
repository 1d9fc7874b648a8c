"""The browser's Back, over a form that came back refused: each page is shown again, none is the browser's own error."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.people import Person
from tests.e2e.test_drafts import pause
from tests.program import Program

pytestmark = [pytest.mark.browser]


def test_back_over_a_refused_registration(browser: Browser, program: Program) -> None:
    desk = Person(browser, program, "desktop", "desk")
    page = desk.page
    pause(page)
    desk.open("/desk/?customer=demo-a")
    page.fill("#subject", "空调面板不亮")
    page.locator("form.desk").evaluate("form => form.submit()")  # as without our scripts: nobody is chosen
    expect(page).to_have_url(re.compile("/desk/.kept="))
    refused = page.url
    page.reload()
    expect(page.locator("#subject")).to_have_value("空调面板不亮")
    page.locator("#new-caller").evaluate("box => { box.open = true }")
    page.fill("#nm", "赵一")
    page.select_option("#cu", "demo-a")
    page.get_by_role("button", name=re.compile("^登记")).first.click()
    expect(page.locator(".say-no")).to_be_visible()
    for place in (refused, f"{program.url}/desk/?customer=demo-a"):
        page.go_back()
        expect(page).to_have_url(place)
        expect(page.locator("#subject")).to_be_visible()
    desk.leave()
