"""Chapter 3. Three calls at 登记台 (by name, by number, by pinyin), one message pasted from a chat, one engineer sent."""

import pytest
from playwright.sync_api import expect

from tests.tour.story import Story, Walker

pytestmark = [pytest.mark.browser]
CALLS = [
    ("欧阳", "欧阳静怡", "前台电脑开机蓝屏"),
    ("13900000013", "沈丽娟", "投影仪没有信号"),  # the whole number, as the phone shows it
    ("oyjy", "欧阳静怡", "桌面打印机卡纸"),
]


def call(lin: Walker, typed: str, name: str, trouble: str) -> str:
    """One call, from the empty desk to the number that is read aloud."""
    lin.visit("/desk/")
    expect(lin.page.locator("#subject")).to_have_value("")
    lin.type("#who", typed)
    lin.page.locator("a.caller", has_text=name).click()
    lin.page.wait_for_url("**caller=*")
    lin.wait()
    expect(lin.page.locator("input[name=requester]")).to_have_count(1)
    lin.type("#subject", trouble)
    lin.press("登记")
    number = lin.page.locator(".say-no + .no").inner_text()
    expect(lin.page.locator("#subject")).to_have_value("")
    return number


@pytest.mark.parametrize(("typed", "name", "trouble"), CALLS)
def test_a_call_is_registered(story: Story, typed: str, name: str, trouble: str) -> None:
    number = call(story.comes("lin"), typed, name, trouble)
    story.notes.setdefault("calls", []).append(number)
    lin = story.comes("lin")
    lin.visit(f"/tickets/{number}/")
    lin.has_read(trouble)
    lin.has_read(name)


def test_a_chat_message_is_pasted_and_dispatched(story: Story) -> None:
    lin = story.comes("lin")
    lin.visit("/desk/")
    lin.page.locator("details.paste summary").click()
    lin.wait()
    lin.page.locator("#paste").fill("欧阳静怡 10:22\n三楼会议室的显示屏一直黑屏，下午两点开会要用")
    lin.press("摘取内容")
    lin.has_read("欧阳静怡")
    expect(lin.page.locator("#subject")).to_have_value("三楼会议室的显示屏一直黑屏，下午两点开会要用")
    lin.page.select_option("select[name=to]", "chen")
    lin.press("派单")
    story.notes["ticket"] = lin.page.locator(".say-no + .no").inner_text()
    lin.visit("/tickets/?view=offered")
    lin.has_read("显示屏一直黑屏")
    lin.visit(f"/tickets/{story.notes['ticket']}/")
    lin.has_read("已派给 陈立")
