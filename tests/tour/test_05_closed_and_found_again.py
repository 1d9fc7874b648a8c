"""Chapter 5. The desk asks the user whether all is well, the ticket goes to the archive, and is found by what was wrong."""

import pytest
from playwright.sync_api import expect

from tests.tour.story import Story

pytestmark = [pytest.mark.browser]


def test_return_visit_and_archive(story: Story) -> None:
    lin, number = story.comes("lin"), story.notes["ticket"]
    lin.visit(f"/closing/{number}/")
    lin.page.locator(".visit label", has_text="是").first.click()
    lin.page.locator(".visit label", has_text="已访到").click()
    lin.type(".visit textarea", "下午的会正常开了")
    lin.press("保存，下一条")
    expect(lin.page.locator(".yz-flash")).to_contain_text(number)
    lin.visit(f"/tickets/{number}/")
    expect(lin.page.locator(".yz-route")).to_contain_text("归档")
    assert story.house.api("lin", "GET", f"/tickets/{number}")[1]["state"] == "archived"


def test_found_again(story: Story) -> None:
    lin, number = story.comes("lin"), story.notes["ticket"]
    lin.open("/")
    lin.type(".yz-find input", "显示屏 黑屏")
    lin.page.keyboard.press("Enter")
    lin.look()
    lin.has_read("显示屏一直黑屏")
    lin.visit("/tickets/?view=archived")
    lin.has_read(number)
