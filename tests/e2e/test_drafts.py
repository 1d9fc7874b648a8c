"""What was typed and not sent: it comes back to its writer alone, and never what was sent or what the server fills.

Everything at a person's pace: between two steps at least 0.8 s, each way twice.
"""

import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.people import Person, check_page
from tests.program import Program

pytestmark = [pytest.mark.browser]
PAUSE = 900
DRAFTS = "Object.keys(localStorage).filter(k => k.startsWith('yz-draft'))"


def pause(page: Page) -> None:
    page.wait_for_timeout(PAUSE)


def write(page: Page, field: str, text: str) -> None:
    page.locator(field).click()
    page.keyboard.type(text, delay=15)
    pause(page)


def choose_caller(page: Page) -> None:
    write(page, "#who", "zq")
    page.locator("a.caller", has_text="张倩").click()
    page.wait_for_url("**caller=*")
    pause(page)


def new_ticket(program: Program, subject: str) -> str:
    body = {"customer": "demo-a", "requester": {"name": "张倩"}, "subject": subject}
    return str(program.api("desk", "POST", "/tickets", body)[1]["number"])


def test_a_chosen_caller_stays_and_a_saved_form_is_empty(browser: Browser, program: Program) -> None:
    desk = Person(browser, program, "desktop", "desk")
    page = desk.page
    for turn in ("第一通", "第二通"):
        desk.open("/desk/")
        pause(page)
        expect(page.locator("#subject")).to_have_value("")
        choose_caller(page)
        expect(page.locator("input[name=requester]")).to_have_count(1)  # nothing asks again and takes the card away
        expect(page.locator("#who")).to_have_value("")
        write(page, "#subject", f"{turn}：针式打印机卡纸")
        page.get_by_role("button", name=re.compile("^登记")).first.click()
        expect(page.locator(".say-no")).to_be_visible()
        pause(page)
        expect(page.locator("#subject")).to_have_value("")
        expect(page.locator("#pl")).to_have_value("")
        assert page.evaluate(DRAFTS) == []
    page.go_back()
    pause(page)
    expect(page.locator("#subject")).to_have_value("")
    desk.leave()


def test_what_was_written_before_the_caller_was_chosen_goes_along(browser: Browser, program: Program) -> None:
    desk = Person(browser, program, "desktop", "desk")
    page = desk.page
    for _ in range(2):
        desk.open("/desk/")
        write(page, "#subject", "会议室投影没信号")
        page.locator("#who").click()
        choose_caller(page)
        expect(page.locator("#subject")).to_have_value("会议室投影没信号")
        desk.open("/desk/")  # somebody else calls: an empty form
        pause(page)
        expect(page.locator("#subject")).to_have_value("")
        choose_caller(page)
        expect(page.locator("[data-draft-note]").first).to_contain_text(re.compile(r"恢复了 \d\d:\d\d 的草稿 · 清空"))
        expect(page.locator("#subject")).to_have_value("会议室投影没信号")
        check_page(desk)
        page.get_by_role("button", name="清空").click()
        expect(page.locator("#subject")).to_have_value("")
        expect(page.locator("input[name=requester]")).to_have_count(1)
        assert page.evaluate(DRAFTS) == []
    # The search emptied again brings the chosen caller's card back.
    write(page, "#who", "zzzz")
    expect(page.locator("input[name=requester]")).to_have_count(0)
    page.fill("#who", "")
    expect(page.locator("input[name=requester]")).to_have_count(1)
    desk.leave()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_desk_names_what_is_begun_and_not_registered(browser: Browser, program: Program, size: str) -> None:
    desk = Person(browser, program, size, "desk")
    page, waiting = desk.page, desk.page.locator(".waiting")
    desk.open("/desk/")
    expect(waiting).to_be_hidden()
    choose_caller(page)
    write(page, "#subject", "会议室投影没信号")
    expect(waiting).to_be_hidden()  # what is written here is no other's
    for address in ("/desk/", "/desk/?call=7"):
        desk.open(address)
        expect(waiting.locator("li")).to_have_count(1)
        expect(waiting).to_contain_text(re.compile(r"张倩.*\d\d:\d\d.*会议室投影没信号"))
        expect(page.locator("#subject")).to_have_value("")
    if not page.locator("#nm").is_visible():
        page.get_by_text("新联系人").first.click()
    write(page, "#nm", "李四")
    write(page, "#subject", "键盘进水")
    desk.open("/desk/")
    expect(waiting.locator("li")).to_have_count(2)
    check_page(desk)
    going_on, discarding = waiting.get_by_role("link", name="继续"), waiting.get_by_role("button", name="丢弃")
    words = "e => { const range = document.createRange(); range.selectNodeContents(e); return range.getBoundingClientRect().toJSON(); }"
    boxes = [[one.evaluate(words) for one in control.all()] for control in (going_on, discarding)]
    for first, second in boxes:  # one under the other
        assert abs(first["x"] - second["x"]) < 1
    for go_on, discard in zip(*boxes, strict=True):  # on one line
        assert abs(go_on["y"] - discard["y"]) < 2
    li = waiting.locator("li", has_text="李四")
    kept = len(page.evaluate(DRAFTS))
    li.get_by_role("button", name="丢弃").click()
    expect(li).to_contain_text("已丢弃")
    assert len(page.evaluate(DRAFTS)) == kept - 1
    check_page(desk)
    li.get_by_role("button", name="恢复").click()
    expect(li).to_contain_text("键盘进水")
    assert len(page.evaluate(DRAFTS)) == kept
    li.get_by_role("button", name="丢弃").click()
    desk.open("/desk/")
    expect(waiting.locator("li")).to_have_count(1)
    waiting.locator("li", has_text="张倩").get_by_role("link", name="继续").click()
    page.wait_for_url("**caller=*")
    expect(page.locator("#subject")).to_have_value("会议室投影没信号")
    expect(waiting).to_be_hidden()
    page.get_by_role("button", name="清空").click()
    assert page.evaluate(DRAFTS) == []
    desk.leave()


def test_a_sent_reply_does_not_come_back(browser: Browser, program: Program) -> None:
    number = new_ticket(program, "回复只发一次")
    person = Person(browser, program, "desktop", "engineer1")
    page, body = person.page, person.page.locator("#msg-body")
    for text in ("先重启一下试试", "我下午过去看"):
        person.open(f"/tickets/{number}/")
        write(page, "#msg-body", text)
        page.keyboard.press("Control+Enter")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".yz-tl")).to_contain_text(text)
        pause(page)
        expect(body).to_have_value("")
        person.open("/")
        pause(page)
        person.open(f"/tickets/{number}/")
        pause(page)
        expect(body).to_have_value("")
        page.go_back()
        pause(page)
        page.go_back()
        pause(page)
        expect(body).to_have_value("")
        assert page.evaluate(DRAFTS) == []
    sent = program.api("engineer1", "GET", f"/tickets/{number}/timeline")[1]
    assert str(sent).count("先重启一下试试") == 1
    assert str(sent).count("我下午过去看") == 1
    person.leave()


def test_replies_sent_from_two_tabs_at_once_both_stay_sent(browser: Browser, program: Program) -> None:
    """Both are taken before either tab has come to its next page's script."""
    numbers = [new_ticket(program, f"两个页签 {count}") for count in (1, 2)]
    person = Person(browser, program, "desktop", "engineer1")
    person.page.wait_for_url(re.compile(r":\d+/$"))
    tabs = [person.page, person.context.new_page()]
    for tab, number in zip(tabs, numbers, strict=True):
        tab.goto(f"{program.url}/tickets/{number}/")
        write(tab, "#msg-body", "已经处理好了")
    assert len(tabs[0].evaluate(DRAFTS)) == 2
    held: list[Route] = []
    person.context.route("**/dist/app.*.js", lambda route: held.append(route))  # noqa: PLW0108 - a plain function is wanted
    for tab in tabs:
        tab.keyboard.press("Control+Enter")
    for tab in tabs:
        expect(tab.locator(".yz-tl")).to_contain_text("已经处理好了")
    for route in held:
        route.continue_()
    person.context.unroute("**/dist/app.*.js")
    for tab, number in zip(tabs, numbers, strict=True):
        pause(tab)
        tab.goto(f"{program.url}/tickets/{number}/")
        pause(tab)
        expect(tab.locator("#msg-body")).to_have_value("")
    assert tabs[0].evaluate(DRAFTS) == []
    assert [cookie["name"] for cookie in person.context.cookies() if "sent" in cookie.get("name", "")] == []
    person.leave()


def test_a_note_written_without_network_leaves_as_a_note(browser: Browser, program: Program) -> None:
    number = new_ticket(program, "没有网也不外发")
    person = Person(browser, program, "phone", "engineer1")
    person.open(f"/tickets/{number}/")
    write(person.page, "#msg-body", "用户自己拔了网线")
    person.context.set_offline(True)
    person.page.get_by_role("button", name="内部备注").click()
    expect(person.page.locator(".beside")).to_have_text("已保存在本机，联网后自动送出")
    pause(person.page)
    person.context.set_offline(False)
    expect(person.page.locator(".yz-tl")).to_contain_text("用户自己拔了网线")
    seen = str(program.api("requester1", "GET", f"/tickets/{number}/timeline")[1])
    assert "拔了网线" not in seen
    person.leave()


def sign_out(person: Person) -> None:
    person.page.locator("details.me summary").click()
    pause(person.page)
    person.page.locator("details.me").get_by_role("button", name="退出").click()
    person.page.wait_for_url("**/accounts/login/**")


def sign_in(person: Person, name: str) -> None:
    person.open("/accounts/login/")
    person.page.fill("#id_login", name)
    person.page.fill("#id_password", "yizhan-demo")
    pause(person.page)
    person.page.click("main button.btn-primary")
    person.page.wait_for_url(re.compile(r":\d+/$"))


def test_two_people_at_one_machine(browser: Browser, program: Program) -> None:
    number = new_ticket(program, "轮班的电脑")
    seat = Person(browser, program, "desktop", "engineer1")
    seat.page.wait_for_url(re.compile(r":\d+/$"))
    page, body = seat.page, seat.page.locator("#msg-body")
    for _ in range(2):
        seat.open(f"/tickets/{number}/")
        write(page, "#msg-body", "张经理电话里发火了")
        seat.open("/")
        seat.open(f"/tickets/{number}/")
        expect(body).to_have_value("张经理电话里发火了")  # his own comes back
        sign_out(seat)
        assert page.evaluate(DRAFTS) == []
        sign_in(seat, "engineer2")
        seat.open(f"/tickets/{number}/")
        pause(page)
        expect(body).to_have_value("")
        # A session that ended without a sign-out: what the other left is gone when the next one comes.
        write(page, "#msg-body", "二线先不接")
        seat.context.clear_cookies()
        sign_in(seat, "engineer1")
        assert page.evaluate(DRAFTS) == []
        seat.open(f"/tickets/{number}/")
        pause(page)
        expect(body).to_have_value("")
    # The same person after a session that ran out finds his own.
    write(page, "#msg-body", "还没写完的")
    seat.context.clear_cookies()
    sign_in(seat, "engineer1")
    seat.open(f"/tickets/{number}/")
    expect(body).to_have_value("还没写完的")
    seat.leave()


def test_drafts_grow_old_and_give_way_to_newer_values(browser: Browser, program: Program) -> None:
    number = new_ticket(program, "放了很久的草稿")
    person = Person(browser, program, "desktop", "engineer1")
    person.page.wait_for_url(re.compile(r":\d+/$"))
    page = person.page
    person.open(f"/tickets/{number}/")
    write(page, "#msg-body", "八天前写的")
    page.evaluate(
        "for (const k of Object.keys(localStorage)) if (k.startsWith('yz-draft')) {"
        " const d = JSON.parse(localStorage[k]); d.at -= 8 * 86400e3; localStorage[k] = JSON.stringify(d); }"
        " localStorage['yz-draft:desk'] = '{\"subject\": \"earlier version\"}'"
    )
    person.open(f"/tickets/{number}/")
    expect(page.locator("#msg-body")).to_have_value("")
    assert page.evaluate(DRAFTS) == []
    # What the server fills is not kept: the requester's place comes from his record each time.
    person.open("/desk/?caller=2")
    pause(page)
    place = page.locator("#pl").input_value()
    write(page, "#subject", "屏幕闪")
    assert place
    assert page.evaluate(f"JSON.stringify({DRAFTS}.map(k => Object.keys(JSON.parse(localStorage[k]).fields)))") == '[["subject"]]'
    person.leave()
