"""Chapter 1. Nobody is here yet: the console's code, the first administrator, the first customer, fifty people from a sheet."""

import re

import pytest
from playwright.sync_api import expect

from tests.tour.story import PASSWORD, Story, import_contacts

pytestmark = [pytest.mark.browser]
FAMILIES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁"
HEADINGS = ["公司", "名字", "手机", "科室", "工位"]


def staff_of(customer: str) -> list[list[str]]:
    names = [f"{family}{'文丽'[n % 2]}{'博娟'[n % 2]}" for n, family in enumerate(FAMILIES)]
    people = [[customer, name, f"1390000{n:04d}", "财务部", f"{300 + n}"] for n, name in enumerate(names)]
    return [HEADINGS, *people, [customer, "欧阳静怡", "13700008888", "行政部", "101"]]


def test_the_first_administrator(story: Story) -> None:
    console = (story.house.place / "console.log").read_text()
    code = re.search(r"[0-9A-F]{4}-[0-9A-F]{4}", console)
    assert code, console
    boss = story.stranger("desktop")
    boss.open("/")
    boss.page.wait_for_url("**/first-run/")
    boss.visit("/first-run/")
    for place, words in (("#id_code", code.group()), ("#id_username", "boss"), ("#id_name", "韩总"), ("#id_password", PASSWORD)):
        boss.type(place, words)
    boss.page.click("main button.btn-primary")
    boss.page.wait_for_url("**/accounts/login/**")
    boss.leave()
    boss = story.comes("boss")
    boss.press("头一小时")
    boss.visit("/welcome/")


def test_the_first_customer(story: Story) -> None:
    boss = story.comes("boss")
    boss.open("/welcome/")
    boss.press("添加客户")
    boss.type("#id_code", "lanfeng")
    boss.type("#id_name", "岚峰会展服务有限公司")
    boss.type("#id_short_name", "岚峰会展")
    boss.press("保存")
    boss.visit("/data/customers/")
    boss.has_read("岚峰会展")


def test_fifty_people_from_a_sheet(story: Story) -> None:
    boss = story.comes("boss")
    path = story.sheet("员工通讯录.xlsx", staff_of("lanfeng"))
    import_contacts(boss, path, 50)
    import_contacts(boss, path, 0)  # the same sheet again at once: nobody twice
    boss.visit("/data/contacts/?q=欧阳")
    boss.has_read("欧阳静怡")
    boss.visit("/works/")
    expect(boss.page.locator("main")).not_to_contain_text("失败")
