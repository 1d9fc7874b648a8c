"""The same reply from two pages of one person, as after a way back while it waited for the network: it goes out once."""

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.e2e.people import Person
from tests.e2e.test_drafts import new_ticket, pause, write
from tests.program import Program

pytestmark = [pytest.mark.browser]


def test_a_reply_restored_in_another_tab_goes_out_once(browser: Browser, program: Program) -> None:
    number = new_ticket(program, "同一句话只发一次")
    person = Person(browser, program, "phone", "engineer1")
    person.open(f"/tickets/{number}/")
    write(person.page, "#msg-body", "已到现场，正在查看")
    other = person.context.new_page()
    other.goto(program.url + f"/tickets/{number}/")
    expect(other.locator("#msg-body")).to_have_value("已到现场，正在查看")
    for page in (person.page, other):
        page.get_by_role("button", name="发送").click()
        expect(page.locator(".yz-tl")).to_contain_text("已到现场，正在查看")
        pause(page)
    assert str(program.api("engineer1", "GET", f"/tickets/{number}/timeline")[1]).count("已到现场，正在查看") == 1
    expect(other.locator("#msg-body")).to_have_value("")
    write(other, "#msg-body", "已到现场，正在查看")  # said again later, it is meant
    other.get_by_role("button", name="发送").click()
    pause(other)
    assert str(program.api("engineer1", "GET", f"/tickets/{number}/timeline")[1]).count("已到现场，正在查看") == 2
    person.leave()


def test_a_double_click_is_one_press(browser: Browser, program: Program) -> None:
    number = new_ticket(program, "双击只算一次")
    person = Person(browser, program, "desktop", "desk")
    person.open(f"/tickets/{number}/")
    bare = person.page.evaluate(  # every form is known by a key when it arrives again, also one without a draft
        """() => {
            document.addEventListener("submit", (event) => event.preventDefault());
            const form = document.querySelector("form[method=post]:not([data-draft])");
            form.requestSubmit();
            return form.elements.draft_key?.value ?? "";
        }"""
    )
    assert len(bare) == 32
    for times in (1, 2):  # pressed again on a page that was opened anew, it is meant
        person.open(f"/tickets/{number}/?do=remind")
        person.page.locator("#do button.btn-primary").dblclick()
        pause(person.page)
        assert program.api("desk", "GET", f"/tickets/{number}")[1]["remind_count"] == times
    person.leave()


class Slow:
    """The form of one step, pressed as by a hand; the server's answer waits."""

    def __init__(self, person: Person, number: str) -> None:
        self.page, self.sent = person.page, 0
        self.held: list[Route] = []
        person.open(f"/tickets/{number}/?do=remind")
        box = person.page.locator("#do button.btn-primary").bounding_box()
        assert box
        self.place = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        person.page.route("**/do/remind/", self.hold)

    def hold(self, route: Route) -> None:
        self.sent += 1
        self.held.append(route)

    def press(self) -> None:
        self.page.mouse.click(*self.place)
        pause(self.page)


def test_a_press_while_a_slow_server_works_sends_nothing(browser: Browser, program: Program) -> None:
    number = new_ticket(program, "服务器很慢")
    person = Person(browser, program, "desktop", "desk")
    slow = Slow(person, number)
    slow.press()
    person.page.wait_for_timeout(5500)
    slow.press()
    person.page.wait_for_timeout(1000)
    sent = slow.sent
    slow.held[-1].continue_()
    person.page.wait_for_url(f"**/tickets/{number}/")
    assert sent == 1
    assert program.api("desk", "GET", f"/tickets/{number}")[1]["remind_count"] == 1
    person.leave()


def test_a_form_that_its_sender_stopped_can_be_sent_again(browser: Browser, program: Program) -> None:
    number = new_ticket(program, "这一页还在")
    person = Person(browser, program, "desktop", "desk")
    slow = Slow(person, number)
    slow.press()
    person.context.new_cdp_session(person.page).send("Page.stopLoading")
    pause(person.page)
    slow.press()
    sent = slow.sent
    slow.held[-1].continue_()
    person.page.wait_for_url(f"**/tickets/{number}/")
    assert sent == 2
    assert program.api("desk", "GET", f"/tickets/{number}")[1]["remind_count"] == 1
    person.leave()
