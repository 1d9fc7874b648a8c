"""Forms tell what is wrong in our words, beside the entry, and only as long as it is so."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.people import SIZES, Person, check_page
from tests.program import Program

pytestmark = [pytest.mark.browser]


@pytest.mark.parametrize("size", SIZES)
def test_an_empty_report_is_told_beside_its_field_and_keeps_everything(browser: Browser, program: Program, size: str) -> None:
    user = Person(browser, program, size, "requester1")
    user.open("/report/")
    page, words = user.page, user.page.locator(".err")
    page.get_by_text("性能下降，还能用").click()
    page.get_by_role("button", name="提交报修").click()
    expect(words).to_have_text("请简单说说哪里不对。")
    expect(page.locator("#what")).to_be_focused()
    expect(page.locator("#what")).to_be_in_viewport()
    check_page(user)
    page.keyboard.type("扫码枪没反应")
    expect(words).to_have_count(0)
    page.get_by_role("button", name="提交报修").click()
    expect(page.locator("main")).to_contain_text("已受理")
    user.leave()


def test_what_the_sheet_lacks_goes_as_it_is_filled(browser: Browser, program: Program) -> None:
    body = {"customer": "demo-a", "requester": {"name": "张倩"}, "subject": "复印机出黑条"}
    number = str(program.api("engineer1", "POST", "/tickets", body)[1]["number"])
    person = Person(browser, program, "phone", "engineer1")
    page, problems = person.page, person.page.locator(".problems")
    person.open(f"/tickets/{number}/sheet/")
    page.get_by_role("button", name=re.compile("处理单$")).click()
    missing = problems.locator("li")
    expect(missing.first).to_be_visible()
    before = missing.count()
    diagnosis = page.locator(".field", has=page.locator("#id_diagnosis"))
    expect(diagnosis.locator(".err")).to_have_count(1)
    page.fill("#id_diagnosis", "硒鼓刮板磨损")
    expect(diagnosis.locator(".err")).to_have_count(0)
    expect(problems.get_by_role("link", name="诊断")).to_have_count(0)
    expect(missing).to_have_count(before - 1)
    cause = page.locator("fieldset", has=page.locator("[name=cause_category]"))
    expect(cause.locator(".err")).to_have_count(1)
    cause.get_by_text("硬件").click()
    expect(cause.locator(".err")).to_have_count(0)
    expect(missing).to_have_count(before - 2)
    check_page(person)
    person.leave()


@pytest.mark.parametrize("size", SIZES)
def test_the_caret_stands_in_the_first_refused_entry(browser: Browser, program: Program, size: str) -> None:
    desk = Person(browser, program, size, "desk")
    page, marked = desk.page, desk.page.locator("[aria-invalid=true]")
    desk.open("/desk/")
    page.get_by_text("新联系人").first.click()
    page.fill("#nm", "王新")
    page.fill("#ph", "1380000567")
    page.fill("#subject", "耳机没声音")
    page.get_by_role("button", name=re.compile("^登记")).first.click()
    expect(page.locator("#ph")).to_be_focused()
    for anchor in ("#ph", "#cu"):
        expect(page.locator(anchor)).to_be_in_viewport()
    expect(page.locator("#cu_error")).to_have_text("这一项必填。")
    expect(marked).to_have_count(2)
    expect(page.locator(".problems")).to_be_hidden()
    check_page(desk)
    page.select_option("#cu", index=1)
    expect(marked).to_have_count(1)
    page.get_by_role("button", name=re.compile("^登记")).first.click()
    expect(page.locator("#ph")).to_be_focused()
    expect(page.locator("#ph_error")).to_have_text("手机号应为 11 位，现在是 10 位。")
    expect(page.locator("#ph")).to_have_css(
        "border-top-color", page.locator("#ph_error").evaluate("e => getComputedStyle(e).color")
    )
    page.fill("#ph", "")  # it need not be given: emptied, nothing is wrong with it
    expect(page.locator(".err")).to_have_count(0)
    expect(marked).to_have_count(0)
    desk.leave()


@pytest.mark.parametrize("size", SIZES)
def test_an_address_is_judged_in_our_words_beside_it(browser: Browser, program: Program, size: str) -> None:
    desk = Person(browser, program, size, "desk")
    page = desk.page
    desk.open("/data/contacts/new/")
    page.select_option("#id_customer", index=1)
    page.fill("#id_name", "王新")
    page.fill("#id_phone", "1380000567")
    page.fill("#id_email", "wang")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#id_email_error")).to_have_text("邮件地址写得不对，例如 wang@example.com。")
    expect(page.locator("#id_email")).to_be_focused()
    page.fill("#id_email", "wang@demo-a.example")
    expect(page.locator(".err")).to_have_count(0)
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#id_phone")).to_be_focused()
    expect(page.locator("[aria-invalid=true]")).to_have_count(1)
    expect(page.locator("#id_phone_error")).to_contain_text("现在是 10 位")
    check_page(desk)
    desk.leave()


@pytest.mark.parametrize("size", SIZES)
def test_all_customers_and_single_ones_exclude_each_other(browser: Browser, program: Program, size: str) -> None:
    admin = Person(browser, program, size, "admin")
    admin.open("/people/invite/")
    page = admin.page
    every, some = page.locator("[name=scope][value=all]"), page.locator("[name=scope][value=some]")
    expect(every).to_be_checked()
    page.locator("label", has=page.locator("[name=customers]")).first.click()
    expect(some).to_be_checked()
    page.locator("label", has=every).click()
    expect(page.locator("[name=customers]:checked")).to_have_count(0)
    admin.leave()


def test_filters_lie_within_the_phone(browser: Browser, program: Program) -> None:
    auditor = Person(browser, program, "phone", "auditor")
    for path in ("/audit/", "/tickets/", "/data/contacts/"):
        auditor.open(path)
        for fold in auditor.page.locator("details.fold summary").all():
            fold.click()
        controls = auditor.page.locator(".flt :is(input, select, button):visible")
        assert controls.count() > 2
        for control in controls.all():
            box = control.bounding_box()
            assert box
            assert 0 <= box["x"] <= auditor.width - box["width"], (path, box)
        check_page(auditor)
    auditor.leave()


@pytest.mark.parametrize("path", ["/tickets/", "/data/contacts/"])
def test_the_first_row_is_in_sight_on_the_phone_and_the_filters_fold(browser: Browser, program: Program, path: str) -> None:
    desk = Person(browser, program, "phone", "desk")
    page, filters = desk.page, desk.page.locator(".flt")
    desk.open(path)
    row, fold = page.locator(".yz-tb tbody tr").first, page.locator("details.fold summary")
    expect(filters).to_be_hidden()
    expect(fold).to_have_text("筛选")
    box = row.bounding_box()
    assert box
    assert box["y"] + 40 < 844 - 64  # above the tabs at the foot
    check_page(desk)
    fold.click()
    expect(filters).to_be_visible()
    filters.locator("select").first.select_option(index=1)
    expect(fold).to_have_text("筛选 (1)")
    expect(filters).to_be_hidden()
    desk.leave()


def test_the_paste_button_stands_apart_from_what_is_above_it(browser: Browser, program: Program) -> None:
    desk = Person(browser, program, "desktop", "desk")
    body = {"customer": "demo-a", "requester": {"name": "张倩"}, "subject": "鼠标失灵"}
    number = program.api("desk", "POST", "/tickets", body)[1]["number"]
    desk.open(f"/desk/?done={number}")
    above, button = desk.page.locator("section.yz-panel", has=desk.page.locator(".say-no")), desk.page.locator("details.paste")
    over, under = above.bounding_box(), button.bounding_box()
    assert over
    assert under
    assert under["y"] - over["y"] - over["height"] >= 8
    desk.leave()
