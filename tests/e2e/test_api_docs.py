"""The page about the REST interface in a real browser, under the headers that the program sends."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.people import Person, check_page
from tests.program import Program

pytestmark = [pytest.mark.browser]


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_docs_need_no_other_host(browser: Browser, program: Program, size: str) -> None:
    reader = Person(browser, program, size)
    page, said, asked = reader.page, [], []
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("request", lambda request: asked.append(urlsplit(request.url).netloc))
    reader.open("/api/v1/docs")
    contents = page.get_by_role("navigation", name="目录")
    contents.get_by_text("tickets", exact=False).first.click()
    contents.get_by_role("link", name="tickets_claim", exact=True).click()
    operation = page.locator("#tickets_claim")
    expect(operation).to_be_in_viewport()
    expect(operation).to_contain_text("/api/v1/tickets/{number}/actions/claim")
    expect(operation).to_contain_text("请求正文")
    operation.get_by_role("link", name="TicketOut").click()
    expect(page.locator("#shape-TicketOut")).to_be_in_viewport()
    check_page(reader)
    assert said == []
    assert set(asked) == {urlsplit(program.url).netloc}
    reader.leave()
