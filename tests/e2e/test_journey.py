"""One ticket from a real mail to the archive, by real people's clicks, at both sizes, in Chinese."""

import re
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.people import SIZES, Person, check_page
from tests.mail_servers import MailServers
from tests.program import Program

pytestmark = [pytest.mark.browser, pytest.mark.server("dovecot")]


def sign_link(servers: MailServers, address: str, number: str) -> str:
    """The link in the mail that the real server delivered to the requester."""
    import imaplib

    end = time.monotonic() + 60
    while time.monotonic() < end:
        with imaplib.IMAP4("127.0.0.1", servers.imap) as box:
            box.login(address, "mailbox-secret")
            box.select()
            _, (ids,) = box.search(None, "ALL")
            for uid in reversed(ids.split()):
                from email import message_from_bytes, policy

                _, parts = box.fetch(uid, "(RFC822)")
                message: Any = message_from_bytes(parts[0][1], policy=policy.default)
                found = re.search(r"http://\S+/s/\S+", message.get_content())
                if number in message["Subject"] and found:
                    return found.group(0)
        time.sleep(1)
    raise TimeoutError("no sign link arrived")


@pytest.mark.parametrize("size", list(SIZES))
def test_a_mail_travels_to_the_archive(
    browser: Browser, program: Program, mail_servers: MailServers, mailbox: str, size: str
) -> None:
    subject = f"财务共享盘打不开 {size}"
    mail_servers.send("requester1@demo-a.example", subject, "提示没有权限，今天要报税")
    number = wait_for_ticket(program, subject)
    one = Person(browser, program, size, "engineer1")
    check_page(one)
    one.open(f"/tickets/{number}/")
    check_page(one)
    one.page.get_by_role("button", name="接单").first.click()
    expect(one.page.locator(".yz-state, .yz-route").first).to_contain_text("处理中")
    judge(one, number)
    escalate(one, number)
    two = Person(browser, program, size, "engineer2")
    two.open(f"/tickets/{number}/")
    two.page.get_by_role("button", name="接单").first.click()
    two.leave()
    fill_sheet(one, number)
    link = sign_link(mail_servers, "requester1@demo-a.example", number)
    sign_and_rate(Person(browser, program, "phone"), link)
    close(Person(browser, program, size, "desk"), number)
    shown = program.api("desk", "GET", f"/tickets/{number}")[1]
    assert (shown["state"], shown["rating"], shown["owner"]) == ("archived", 4, "engineer1")
    find_and_print(one, number)
    one.leave()


def wait_for_ticket(program: Program, subject: str) -> str:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for item in program.api("desk", "GET", "/tickets?limit=20&channel=mail")[1]["items"]:
            if item["subject"] == subject:
                return str(item["number"])
        time.sleep(0.5)
    raise TimeoutError(subject)


def judge(person: Person, number: str) -> None:
    person.open(f"/tickets/{number}/?do=judge_level#do")
    check_page(person)
    person.page.locator("#do label", has_text="2 ·").click()
    person.page.fill("#do textarea[name=reason]", "多人受影响")
    person.page.locator("#do button.btn-primary").click()
    expect(person.page.locator(".yz-level").first).to_have_text("二级")


def escalate(person: Person, number: str) -> None:
    person.open(f"/tickets/{number}/?do=escalate#do")
    person.page.fill("#do textarea[name=diagnosis]", "安全组被误删，需要域管理员")
    person.page.locator("#do button.btn-primary").click()
    expect(person.page.locator(".yz-route")).to_contain_text("二线")


def fill_sheet(person: Person, number: str) -> None:
    person.open(f"/tickets/{number}/sheet/")
    check_page(person)
    page = person.page
    page.fill("#id_diagnosis", "安全组被误删")
    page.locator("label", has_text="配置").first.click()
    page.fill("#id_actions_taken", "重建安全组并授权")
    page.locator(".step button[data-by='5']").click()
    page.locator(".step button[data-by='5']").click()
    page.select_option("#id_category", "account")
    page.locator("label", has_text="常规操作").click()
    page.get_by_role("button", name="完成，提交处理单").click()
    page.wait_for_url("**/sign/")
    check_page(person)
    page.get_by_role("button", name="出示二维码").click()
    expect(page.locator(".yz-qr svg")).to_be_visible()


def sign_and_rate(guest: Person, link: str) -> None:
    guest.page.goto(link)
    check_page(guest)
    guest.page.locator("label", has_text="正常，修好了").click()
    box = guest.page.locator("#pad").bounding_box()
    assert box
    guest.page.mouse.move(box["x"] + 30, box["y"] + 60)
    guest.page.mouse.down()
    guest.page.mouse.move(box["x"] + 120, box["y"] + 90, steps=6)
    guest.page.mouse.up()
    guest.page.locator(".scores label").nth(3).click()
    guest.page.fill("#comment", "修好了，谢谢")
    guest.page.get_by_role("button", name="发送").click()
    expect(guest.page.get_by_role("heading", name="谢谢")).to_be_visible()
    guest.page.goto(link)  # asked for again, it tells the same, and has nothing more to sign
    expect(guest.page.get_by_role("heading", name="谢谢")).to_be_visible()
    expect(guest.page.locator("form[action*='/s/'], #pad")).to_have_count(0)
    guest.leave()


def close(person: Person, number: str) -> None:
    person.open(f"/closing/{number}/")
    check_page(person)
    page = person.page
    on_phone = (page.viewport_size or {"width": 0})["width"] < 768  # there the ticket has the screen, and the list its own page
    expect(page.locator(".arch .groups")).to_be_visible(visible=not on_phone)
    expect(page.locator(".arch .back")).to_be_visible(visible=on_phone)
    page.locator(".visit label", has_text="是").first.click()
    page.locator(".visit label", has_text="已访到").click()
    page.fill(".visit textarea", "确认正常")
    page.get_by_role("button", name="保存，下一条").click()
    expect(page.locator(".yz-flash")).to_contain_text(number)
    person.leave()


def find_and_print(person: Person, number: str) -> None:
    person.open("/search/?q=共享盘")
    expect(person.page.locator("main")).to_contain_text(number)
    check_page(person)
    person.open(f"/tickets/{number}/")
    href = person.page.locator("a[href*='/print/']").first.get_attribute("href")
    answer = person.context.request.get(person.program.url + str(href))
    assert answer.headers["content-type"] == "application/pdf"
    Path(person.program.place / "sheet.pdf").write_bytes(answer.body())
    from pypdf import PdfReader

    pages: Any = PdfReader(person.program.place / "sheet.pdf").pages
    text = "".join(page.extract_text() for page in pages)
    fonts = [str(font.get_object()["/BaseFont"]) for page in pages for font in page["/Resources"]["/Font"].values()]
    assert all("NotoSansHans" in name for name in fonts), fonts
    assert "安全组被误删" in text
    assert number in text


@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize(
    ("username", "paths"),
    [
        (
            "desk",
            [
                "/",
                "/desk/",
                "/desk/?caller=2",
                "/tickets/",
                "/closing/",
                "/channels/",
                "/data/contacts/",
                "/data/contacts/2/",
                "/works/",
                "/data/contacts/import/",
                "/data/canned-replies/",
                "/tickets/?columns=number,subject,phone",
            ],
        ),
        ("engineer1", ["/handover/", "/news/", "/news/preferences/", "/desk/"]),
        ("requester1", ["/", "/report/"]),
        ("admin", ["/", "/data/users/", "/data/users/2/", "/data/assignments/new/", "/data/custom-fields/new/", "/channels/"]),
        ("customer1", ["/", "/report/", "/search/?q=x"]),
        ("auditor", ["/", "/audit/", "/tickets/?view=archived"]),
    ],
)
def test_pages_stand_up_to_axe(browser: Browser, program: Program, username: str, paths: list[str], size: str) -> None:
    person = Person(browser, program, size, username)
    for path in paths:
        person.open(path)
        check_page(person)
        person.page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
        check_page(person)
    person.leave()


def test_a_requester_reports_by_phone_and_a_draft_survives(browser: Browser, program: Program) -> None:
    user = Person(browser, program, "phone", "requester2")
    user.open("/report/")
    user.page.fill("#what", "收银2号机打不出小票")
    user.open("/")
    user.open("/report/")
    expect(user.page.locator("#what")).to_have_value("收银2号机打不出小票")
    user.context.set_offline(True)
    user.page.get_by_role("button", name="提交报修").click()
    expect(user.page.locator(".beside")).to_have_text("已保存在本机，联网后自动送出")
    user.context.set_offline(False)
    user.page.wait_for_url("**/tickets/**")
    expect(user.page.locator(".yz-flash")).to_contain_text("已受理")
    check_page(user)
    user.page.get_by_role("link", name=re.compile("催单")).click()
    user.page.fill("#do textarea", "门店在排队")
    user.page.locator("#do button.btn-primary").click()
    expect(user.page.locator("main")).to_contain_text("第 1 次")
    user.open("/report/")
    expect(user.page.locator("#what")).to_have_value("")
    user.leave()


def test_the_desk_registers_by_keyboard(browser: Browser, program: Program) -> None:
    desk = Person(browser, program, "desktop", "desk")
    desk.open("/desk/")
    desk.page.keyboard.type("zq")
    expect(desk.page.locator("#who")).to_be_focused()
    desk.page.locator("a.caller", has_text="张倩").click()
    desk.page.wait_for_url("**caller=*")
    desk.page.locator("#subject").fill("针打送货单打偏半行")
    desk.page.keyboard.press("Control+Enter")
    expect(desk.page.locator(".say-no")).to_be_visible()
    expect(desk.page.locator("main")).to_contain_text("针打送货单打偏半行")
    check_page(desk)
    desk.page.locator("#who").fill("zq")  # with somebody chosen, the same keys dispatch
    desk.page.locator("a.caller", has_text="张倩").click()
    desk.page.wait_for_url("**caller=*")
    desk.page.locator("#subject").fill("针打又偏了，换色带")
    desk.page.locator("#to").select_option("tier1")
    expect(desk.page.locator("button[data-default][data-chosen]")).to_contain_text("派单")
    desk.page.locator("#subject").press("Control+Enter")
    expect(desk.page.locator(".say-no + .no + b")).to_have_text("针打又偏了，换色带")
    expect(desk.page.locator(".yz-state").first).to_contain_text("已派")
    desk.leave()


def test_live_news_reach_whoever_may_know(browser: Browser, program: Program) -> None:
    desk, other = Person(browser, program, "desktop", "desk"), Person(browser, program, "desktop", "requester2")
    for person in (desk, other):
        person.open("/")
        person.page.wait_for_timeout(1500)
    made = program.api("desk", "POST", "/tickets", {"customer": "demo-a", "requester": {"name": "许静"}, "subject": "新闻来了"})
    assert made[0] == 201
    expect(desk.page.locator("main")).to_contain_text("新闻来了")  # by itself, no reload
    expect(other.page.locator("main")).not_to_contain_text("新闻来了")
    desk.leave()
    other.leave()
