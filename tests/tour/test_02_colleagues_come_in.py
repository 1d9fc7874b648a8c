"""Chapter 2. Two engineers and a desk clerk are invited; each sets his own password by the link, on his own phone."""

import pytest
from playwright.sync_api import expect

from tests.tour.story import PASSWORD, Story

pytestmark = [pytest.mark.browser]


@pytest.mark.parametrize(
    ("username", "name", "role"), [("chen", "陈立", "technician"), ("wu", "吴建国", "technician"), ("lin", "林晓雯", "desk")]
)
def test_a_colleague_comes_in(story: Story, username: str, name: str, role: str) -> None:
    boss = story.comes("boss")
    boss.visit("/people/invite/")
    boss.type("#id_display_name", name)
    boss.type("#id_username", username)
    for box in boss.page.locator("input[name=roles]").all():
        box.set_checked(box.get_attribute("value") == role, force=True)
    boss.press("生成邀请")
    expect(boss.page.locator(".yz-qr svg")).to_be_visible()
    link = boss.page.locator("#invitation-link").inner_text()
    newcomer = story.stranger()
    newcomer.page.goto(link)
    newcomer.look()
    newcomer.type("#id_password", PASSWORD)
    newcomer.type("#id_again", PASSWORD)
    newcomer.press("设好密码")
    newcomer.page.goto(link)  # it works once
    newcomer.look()
    expect(newcomer.page.locator("#id_again")).to_have_count(0)
    newcomer.leave()
    story.comes(username, "desktop" if role == "desk" else "phone").visit("/")
