"""Six tasks by somebody who has never seen the program: only words on the screen are followed, no address is known but the first."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.people import Person, check_page
from tests.program import Program

pytestmark = [pytest.mark.browser]
FAULT = "扫描仪一扫描就报错 E302，合同扫不了"


def words(page: Page, text: str) -> Locator:
    """What can be pressed and says this."""
    exact = re.compile(rf"^\s*{re.escape(text)}(\s|$)")
    return page.get_by_role("button", name=exact).or_(page.get_by_role("link", name=exact)).first


def fault(page: Page) -> Locator:
    """The line of a list that speaks of it."""
    return page.get_by_role("link").filter(has_text=FAULT).first


def open_hit(page: Page) -> None:
    """One hit opens by itself; of several one is chosen."""
    expect(page.locator("main")).to_contain_text(FAULT)
    if "/tickets/INC" not in page.url:
        fault(page).click()


def arrive(browser: Browser, program: Program, size: str, name: str) -> Person:
    person = Person(browser, program, size, name)
    person.page.wait_for_load_state()
    return person


def test_six_tasks_by_what_the_screen_says(browser: Browser, program: Program) -> None:
    # 1. Report a fault by the phone's browser.
    user = arrive(browser, program, "phone", "requester1")
    words(user.page, "我要报修").click()
    user.page.get_by_label("哪里坏了").fill(FAULT)
    user.page.get_by_text("性能下降，还能用").click()
    words(user.page, "提交报修").click()
    expect(user.page.locator("main")).to_contain_text("已受理，正在安排工程师")
    expect(user.page.get_by_placeholder("补充情况，或回复工程师")).to_be_visible()
    check_page(user)

    # 2. Find what became of it.
    words(user.page, "一站").click()
    fault(user.page).click()
    expect(user.page.locator("main")).to_contain_text("待处理")

    # 3. Take it: an engineer on his phone, from the first page that he sees.
    engineer = arrive(browser, program, "phone", "engineer1")
    page = engineer.page
    if not fault(page).is_visible():  # a busy morning: more wait than his first page shows
        words(page, "全部").click()
    fault(page).click()
    words(page, "接单").click()
    expect(page.locator("main")).to_contain_text("陈立 接单")

    # 4. Do it: whatever stands first in the bar is the next step, until the sheet is in.
    words(page, "判定级别").click()
    page.locator("#do").get_by_role("button", name="判定级别").click()
    words(page, "事件处理单").click()
    words(page, "完成，提交处理单").click()  # too early: it says what is missing, nothing is lost
    expect(page).to_have_url(re.compile("/sheet/"))
    words(page, "线路接触不良").click()
    page.get_by_text("硬件", exact=True).first.click()
    words(page, "清理并测试").click()
    page.get_by_label("分类").select_option(label="　外设")
    page.get_by_text("常规操作").click()
    check_page(engineer)
    words(page, "完成，提交处理单").click()
    expect(page.locator("main")).to_contain_text("出示二维码")

    # 5. Close it: the user signs and rates, the desk asks and archives.
    words(user.page, "一站").click()
    expect(user.page.locator("main")).to_contain_text("修好了，请签字评价")
    fault(user.page).click()
    words(user.page, "签字").click()
    expect(user.page.locator("main")).to_contain_text("不画也可以")
    words(user.page, "签字").click()
    words(user.page, "评价").click()
    user.page.locator("#do label").last.click()
    user.page.locator("#do .btn-primary").click()
    expect(user.page.locator("main")).not_to_contain_text("待签")
    desk = arrive(browser, program, "desktop", "desk")
    words(desk.page, "回访归档").click()
    fault(desk.page).click()
    for answer in desk.page.get_by_text("是", exact=True).all():  # is it solved, is the user content
        answer.click()
    desk.page.get_by_text("已访到", exact=True).click()
    words(desk.page, "保存，下一条").click()
    words(desk.page, "全部归档").click()
    expect(desk.page.locator("main")).to_contain_text("可以这样处理")  # how many and which, before anything happens
    desk.page.get_by_role("button", name=re.compile(r"^归档 · \d+$")).click()
    check_page(desk)

    # 6. Find it again by what was wrong: the desk in the search that stands on every page, the user in his own list.
    desk.page.get_by_placeholder("搜工单、人").first.fill("扫描仪 报错")
    desk.page.keyboard.press("Enter")
    open_hit(desk.page)
    expect(desk.page.locator("main")).to_contain_text("归档")
    words(user.page, "一站").click()
    user.page.get_by_placeholder("搜索").fill("E302")
    user.page.keyboard.press("Enter")
    open_hit(user.page)
    expect(user.page.locator("main")).to_contain_text("线路接触不良")
    for person in (user, engineer, desk):
        person.leave()
