"""Chapter 7. The shared computer in the workshop: Chen leaves in the middle of a sentence, Wu sits down."""

import pytest
from playwright.sync_api import expect

from tests.tour.story import Story

pytestmark = [pytest.mark.browser]


def test_in_turn(story: Story) -> None:
    seat, number = story.stranger("desktop"), story.notes["calls"][0]
    body = seat.page.locator("#msg-body")
    for turn in ("第一次", "第二次"):
        seat.sign_in("chen")
        seat.visit(f"/tickets/{number}/")
        expect(body).to_have_value("")
        seat.type("#msg-body", f"{turn}：等备件，别告诉客户")
        seat.visit(f"/tickets/{number}/")
        expect(body).to_have_value(f"{turn}：等备件，别告诉客户")
        seat.sign_out()
        seat.sign_in("wu")
        seat.visit("/")
        seat.visit(f"/tickets/{number}/")
        expect(body).to_have_value("")
        seat.type("#msg-body", f"{turn}：我来接着看")
        seat.page.keyboard.press("Control+Enter")
        expect(seat.page.locator(".yz-tl")).to_contain_text(f"{turn}：我来接着看")
        seat.visit(f"/tickets/{number}/")
        expect(body).to_have_value("")
        expect(seat.page.locator(".yz-tl")).not_to_contain_text("别告诉客户")
        seat.sign_out()
    seat.leave()
