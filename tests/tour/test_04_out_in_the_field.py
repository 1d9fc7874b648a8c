"""Chapter 4. Chen's phone: accept, judge, set off, arrive, the sheet, the code; the user signs on another phone."""

import pytest
from playwright.sync_api import expect

from tests.tour.story import Story

pytestmark = [pytest.mark.browser]


def test_on_the_way(story: Story) -> None:
    chen, number = story.comes("chen", "phone"), story.notes["ticket"]
    chen.visit("/")
    chen.has_read("显示屏一直黑屏")
    chen.visit(f"/tickets/{number}/")
    chen.press("接单")
    chen.press("判定级别")
    chen.page.locator("#do").get_by_role("button", name="判定级别").click()
    chen.look()
    for step in ("出发", "到场"):
        if not chen.find(step).is_visible():
            chen.page.locator("details.more summary").click()
        chen.press(step)
    chen.page.locator("#do").get_by_role("button", name="到场").click()
    chen.look()
    expect(chen.page.locator(".yz-route")).to_contain_text("到场")


def test_the_sheet(story: Story) -> None:
    chen, number = story.comes("chen", "phone"), story.notes["ticket"]
    chen.visit(f"/tickets/{number}/sheet/")
    chen.type("#id_diagnosis", "视频线松了，接口氧化")
    chen.open(f"/tickets/{number}/sheet/")  # looked something up and came back: nothing is lost
    expect(chen.page.locator("#id_diagnosis")).to_have_value("视频线松了，接口氧化")
    chen.page.locator("label", has_text="硬件").first.click()
    chen.type("#id_actions_taken", "换了一根线，试机正常")
    chen.page.locator(".step button[data-by='5']").click()
    chen.page.locator("#id_category").select_option(index=1)
    chen.page.get_by_text("常规操作").click()
    chen.wait()
    chen.press("完成，提交处理单")
    chen.page.wait_for_url("**/sign/")
    chen.press("出示二维码")
    expect(chen.page.locator(".yz-qr svg")).to_be_visible()
    story.notes["link"] = chen.page.locator("[data-copy^='http']").get_attribute("data-copy")
    chen.visit(f"/tickets/{number}/")
    chen.has_read("待签")


def test_the_user_signs_on_another_phone(story: Story) -> None:
    guest = story.stranger()
    for _ in range(2):  # looking signs nothing
        guest.page.goto(story.notes["link"])
        guest.look()
    guest.page.locator("label", has_text="正常，修好了").click()
    box = guest.page.locator("#pad").bounding_box()
    assert box
    guest.page.mouse.move(box["x"] + 30, box["y"] + 60)
    guest.page.mouse.down()
    guest.page.mouse.move(box["x"] + 140, box["y"] + 90, steps=8)
    guest.page.mouse.up()
    guest.page.locator(".scores label").nth(4).click()
    guest.wait()
    guest.press("发送")
    expect(guest.page.get_by_role("heading", name="谢谢")).to_be_visible()
    for _ in range(2):  # asked for again, it tells the same, and has nothing more to sign
        guest.page.goto(story.notes["link"])
        expect(guest.page.get_by_role("heading", name="谢谢")).to_be_visible()
        expect(guest.page.locator("form[action*='/s/'], #pad")).to_have_count(0)
    guest.leave()
