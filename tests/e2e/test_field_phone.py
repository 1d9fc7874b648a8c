"""The ticket in an engineer's hand: steps without network, and the next step in sight."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.people import SIZES, Person, check_page
from tests.program import Program

pytestmark = [pytest.mark.browser]


def new_ticket(program: Program, subject: str) -> str:
    body = {"customer": "demo-a", "requester": {"name": "张倩"}, "subject": subject}
    return str(program.api("desk", "POST", "/tickets", body)[1]["number"])


def act(program: Program, number: str, action: str, body: dict[str, Any] | None = None) -> None:
    assert program.api("engineer1", "POST", f"/tickets/{number}/actions/{action}", body or {})[0] == 200


@pytest.mark.parametrize("size", SIZES)
def test_a_step_pressed_without_network_is_told_and_the_page_stays(browser: Browser, program: Program, size: str) -> None:
    number = new_ticket(program, "地下车库没有信号")
    act(program, number, "claim")
    act(program, number, "judge_level", {"level": 3})
    person = Person(browser, program, size, "engineer1")
    page, note = person.page, person.page.locator("#no-network")
    person.open(f"/tickets/{number}/")
    here = page.url
    expect(note).to_be_hidden()
    person.context.set_offline(True)
    bar = page.locator(".acts")
    bar.get_by_role("button", name=re.compile("^出发")).click()
    expect(note).to_have_text("没有网络，还没有送出，内容还在页面上")
    expect(note).to_be_in_viewport()
    bar.get_by_text("更多").click()
    sheet = bar.get_by_role("link", name="处理单")
    sheet.click()
    expect(note).to_have_text("没有网络，暂时打不开别的页面")
    assert page.url == here
    check_page(person)
    person.context.set_offline(False)
    expect(note).to_be_hidden()
    sheet.click()
    expect(page).to_have_url(re.compile(r"/sheet/$"))
    assert "en_route" not in str(program.api("engineer1", "GET", f"/tickets/{number}")[1]["sub_state"])
    person.leave()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("place", ["reply", "sheet"])
def test_what_waits_for_the_network_says_so_beside_the_button(browser: Browser, program: Program, size: str, place: str) -> None:
    number = new_ticket(program, "机房没有信号")
    act(program, number, "claim")
    act(program, number, "judge_level", {"level": 3})
    person = Person(browser, program, size, "engineer1")
    page, note = person.page, person.page.locator("#no-network")
    person.open(f"/tickets/{number}/" + ("sheet/" if place == "sheet" else ""))
    page.fill("#id_diagnosis" if place == "sheet" else "#msg-body", "网线被拔了")
    expect(page.locator("[data-draft-note]").first).to_have_text("草稿已保存在本机")
    person.context.set_offline(True)
    button = page.get_by_role("button", name="提交处理单" if place == "sheet" else "发送")
    button.click()
    told = page.locator(".beside")
    expect(told).to_have_text("已保存在本机，联网后自动送出")
    expect(told).to_be_in_viewport()
    words, pressed = told.bounding_box(), button.bounding_box()
    assert words
    assert pressed
    assert abs(words["y"] - pressed["y"]) < 80
    check_page(person)
    page.locator('a[href^="/tickets/"]').filter(visible=True).first.click()
    expect(note).to_have_text("没有网络，暂时打不开别的页面")
    assert page.get_by_text("没有送出").filter(visible=True).count() == 0
    expect(told).to_be_visible()
    person.context.set_offline(False)
    expect(told).to_have_count(0)
    person.leave()


def test_the_bar_shows_the_next_step_and_lies_within_the_screen(browser: Browser, program: Program) -> None:
    number = new_ticket(program, "门店收银机死机")
    act(program, number, "claim")
    person = Person(browser, program, "phone", "engineer1")
    bar = person.page.locator(".acts")
    steps: dict[str, tuple[str, dict[str, Any]]] = {
        "判定级别": ("", {}), "出发": ("judge_level", {"level": 3}), "到场": ("depart", {}), "标记已恢复": ("arrive", {}),
    }  # fmt: skip
    for name, (done, body) in steps.items():
        if done:
            act(program, number, done, body)
        person.open(f"/tickets/{number}/")
        step = bar.locator(".btn").first
        expect(step).to_contain_text(name)
        width = bar.evaluate("bar => bar.scrollWidth - bar.clientWidth")
        assert width <= 0, (name, width)
        for control in bar.locator(".btn:visible").all():
            box = control.bounding_box()
            assert box
            assert 0 <= box["x"] <= person.width - box["width"], (name, control.inner_text())
    # What else there is to do lies under “more”, once.
    bar.get_by_text("更多").click()
    expect(bar.get_by_role("button", name=re.compile("^离场"))).to_be_in_viewport()
    expect(bar.get_by_role("link", name=re.compile("^转"))).to_be_in_viewport()
    check_page(person)
    person.leave()
