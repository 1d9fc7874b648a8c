"""A word of 400 characters, as people paste them from logs, in every field that takes it: no page grows wider for it."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.people import SIZES, Person
from tests.program import Program

pytestmark = [pytest.mark.browser]
WORD = "x4f9" * 100


@pytest.fixture(scope="module")
def number(program: Program) -> Iterator[str]:
    """A ticket that has it as subject, description, place, reply and note, of a contact who is called so; taken by engineer1."""
    status, contact = program.api(
        "admin", "POST", "/contacts", {"customer": "demo-a", "name": WORD[:80], "phone": "13999990001", "place": WORD[:80]}
    )
    assert status == 201, contact
    body = {"customer": "demo-a", "requester": {"name": WORD[:80], "phone": "13999990001"}, "subject": WORD[:200],
            "description": WORD, "place": WORD[:80], "channel": "phone"}  # fmt: skip
    status, made = program.api("desk", "POST", "/tickets", body)
    assert status == 201, made
    number = str(made["number"])
    for path, user, sent in (
        ("actions/claim", "engineer1", {}),
        ("actions/judge_level", "engineer1", {"level": 3, "reason": WORD}),
        ("messages", "engineer1", {"body": WORD}),
        ("messages", "engineer1", {"body": WORD, "internal": True}),
        ("messages", "desk", {"body": "ok", "internal": True}),
    ):
        status, answer = program.api(user, "POST", f"/tickets/{number}/{path}", sent)
        assert status < 300, (path, answer)
    mine = {"customer": "demo-a", "requester": {"name": "张倩"}, "subject": WORD[:200], "description": WORD}
    status, own = program.api("requester1", "POST", "/tickets", mine)
    assert status == 201, own
    yield number
    for spent in (number, own["number"]):
        program.api("desk", "POST", f"/tickets/{spent}/actions/cancel", {"reason": "测试"})


PAGES = {
    "engineer1": ["/", "/tickets/?view=mine", "/tickets/?view=open", "{ticket}", "{ticket}?do=transfer", "{ticket}?do=suspend",
                  "{ticket}sheet/", "{ticket}edit/", "/handover/", "/works/", "/search/?q=" + WORD[:60], "/search/?q=x4f9x4f9"],
    "desk": ["/", "/tickets/?view=all", "/desk/", "/desk/?caller={contact}", "/desk/?done={number}", "{ticket}",
             "/data/contacts/", "/data/contacts/{contact}/", "/closing/", "/calls/", "/news/",
             "/tickets/?columns=number,subject,requester,place,state,owner"],
    "requester1": ["/", "/report/", "{own}"],
}  # fmt: skip


@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("username", list(PAGES))
def test_no_page_grows_wider(browser: Browser, program: Program, number: str, username: str, size: str) -> None:
    contact = program.api("desk", "GET", "/contacts?q=13999990001")[1]["items"][0]["id"]
    own = program.api("requester1", "GET", "/tickets?limit=1")[1]["items"][0]["number"]
    places = {"ticket": f"/tickets/{number}/", "own": f"/tickets/{own}/", "number": number, "contact": contact}
    person = Person(browser, program, size, username)
    person.page.wait_for_url(re.compile(r":\d+/$"))
    wide = {}
    for path in PAGES[username]:
        person.open(path.format(**places))
        over = person.page.evaluate("document.documentElement.scrollWidth") - person.width
        # Inside the page: nothing that scrolls sideways by itself hides a column or a button behind a long word.
        hidden = person.page.evaluate(
            "() => [...document.querySelectorAll('main, .thead, .mid, .facts, .yz-panel, .yz-pc, .yz-scroll')]"
            ".filter(e => e.scrollWidth > e.clientWidth + 1 && !e.querySelector('.yz-tb.plain'))"
            ".map(e => `${e.className} ${e.scrollWidth} ${e.clientWidth}`)"
        )
        if over > 0 or hidden:
            wide[path] = (over, hidden)
    assert wide == {}, json.dumps(wide, ensure_ascii=False, indent=1)
    person.leave()


def test_the_lists_columns_stay_on_the_screen(browser: Browser, program: Program, number: str) -> None:
    person = Person(browser, program, "desktop", "desk")
    for path in ("/tickets/?view=all", "/data/contacts/"):
        person.open(path)
        last = person.page.locator("thead th").last.bounding_box()
        assert last
        assert last["x"] + last["width"] <= person.width, (path, last)
    person.page.keyboard.press("Control+k")
    person.page.keyboard.type(number)
    expect(person.page.locator("#palette-found a").first).to_be_visible()
    assert person.page.evaluate("(e => e.scrollWidth - e.clientWidth)(document.querySelector('#palette'))") <= 0
    person.leave()
