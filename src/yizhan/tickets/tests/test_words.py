"""What the screens say of a ticket: whose level it is, one number for one reader, one word for one thing."""

import re
from typing import Any

from django.test import Client

from yizhan.kernel.documents import qr_svg
from yizhan.kernel.models import StoredEvent
from yizhan.people.models import Assignment, User
from yizhan.tickets.models import LevelSource, Ticket
from yizhan.tickets.services import closing, taking
from yizhan.tickets.views.printing import sheet_data


def test_a_follow_up_carries_the_level_over_and_nobody_reported_it(world: Any, page: Any) -> None:
    old = world.completed(reported_level=1)
    new = closing.follow_up(actor=world.actor("desk"), number=old.number)
    assert (new.level, new.reported_level, new.level_judged, new.level_source) == (3, 3, False, LevelSource.CARRIED)
    shown = page("desk").get(f"/tickets/{new.number}/").content.decode()
    assert "沿用原单 三级" in shown
    assert "用户报" not in shown
    assert "用户报 一级" in page("desk").get(f"/tickets/{old.number}/").content.decode()
    assert "默认 三级" in page("desk").get(f"/tickets/{world.new().number}/").content.decode()


def numberless() -> None:
    """An engineer becomes a supervisor: he sees the tickets, and no whole number."""
    Assignment.objects.filter(user__username="engineer3").delete()
    Assignment.objects.create(user=User.objects.get(username="engineer3"), role="supervision_officer")


def test_who_may_not_see_a_number_finds_it_nowhere(world: Any, page: Any) -> None:
    ticket = world.completed()
    phone = ticket.requester.phone
    assert len(phone) == 11
    masked = f"{phone[:3]}****{phone[-4:]}"
    numberless()
    for path in (f"/tickets/{ticket.number}/", "/data/contacts/", f"/data/contacts/{ticket.requester_id}/"):
        shown = page("engineer3").get(path)
        assert shown.status_code == 200
        assert phone not in shown.content.decode(), path
    assert masked in page("engineer3").get(f"/tickets/{ticket.number}/").content.decode()
    assert "tel:" not in page("engineer3").get(f"/tickets/{ticket.number}/").content.decode()
    sheet = ticket.sheets.get()
    assert masked in str(sheet_data(world.actor("engineer3"), sheet, "x"))
    assert phone in str(sheet_data(world.actor("desk"), sheet, "x"))


def test_who_may_see_a_number_sees_it_everywhere(world: Any, page: Any) -> None:
    ticket = world.completed()
    phone, masked = ticket.requester.phone, "****"
    paths = (
        f"/tickets/{ticket.number}/", f"/closing/{ticket.number}/", "/data/contacts/", f"/data/contacts/{ticket.requester_id}/",
        f"/desk/?caller={ticket.requester_id}", f"/desk/callers/?who={ticket.requester.name}",
    )  # fmt: skip
    for path in paths:
        shown = page("desk").get(path).content.decode()
        assert phone in shown, path
        assert masked not in shown, path


def test_who_was_offered_it_gives_it_back_and_the_desk_recalls_it(world: Any, page: Any) -> None:
    ticket = world.new()
    taking.dispatch_ticket(actor=world.actor("desk"), number=ticket.number, to="engineer1")
    assert "撤回派单" in page("desk").get(f"/tickets/{ticket.number}/").content.decode()
    shown = page("engineer1").get(f"/tickets/{ticket.number}/").content.decode()
    assert "撤回派单" not in shown
    assert "退回" in shown
    assert page("engineer1").post(f"/tickets/{ticket.number}/do/recall/", {}).status_code == 302
    assert "陈立 退回了派单" in page("desk").get(f"/tickets/{ticket.number}/").content.decode()
    taking.dispatch_ticket(actor=world.actor("desk"), number=ticket.number, to="engineer1")
    taking.recall_ticket(actor=world.actor("desk"), number=ticket.number)
    said = StoredEvent.objects.filter(type="TicketRecalled").order_by("pk").values_list("payload__given_back", flat=True)
    assert list(said) == [True, False]


def test_a_cause_that_is_its_category_stands_once(world: Any, page: Any) -> None:
    ticket = world.completed()
    sheet = ticket.sheets.select_related("category").get()
    sheet.category.name = str(sheet.get_cause_category_display())
    sheet.category.save()
    shown = page("desk").get(f"/closing/{ticket.number}/").content.decode()
    assert f"<dd>{sheet.category.name}</dd>" in shown
    assert Ticket.objects.count() == 1


def test_a_code_has_the_quiet_zone_that_scanners_need() -> None:
    drawn = re.search(r"M(\d+(?:\.\d+)?) (\d+(?:\.\d+)?)", qr_svg("https://yizhan.example/s/abc"))
    assert drawn
    assert float(drawn.group(1)) >= 4
    assert float(drawn.group(2)) >= 4


def test_news_that_nobody_has_seen_is_called_unread(world: Any, page: Any) -> None:
    number = world.new().number
    page("desk").post(f"/tickets/{number}/do/dispatch/", {"to": "engineer1"})
    shown = page("engineer1").get("/news/").content.decode()
    assert number in shown
    assert '<span class="yz-tag good">未读</span>' in shown


def test_a_batch_that_fits_all_says_so(world: Any, page: Any) -> None:
    numbers = [world.new().number for _ in range(2)]
    shown = page("engineer1").post("/tickets/batch/", {"action": "claim", "number": numbers}).content.decode()
    assert "2 张都可以这样处理" in shown
    assert "中有" not in shown


def test_an_audit_without_entries_says_one_thing(page: Any) -> None:
    shown = page("auditor").get("/audit/?day=2001-01-01").content.decode()
    empty = shown.partition('<div class="yz-empty">')[2].partition("</div>")[0]
    assert "没有符合条件的审计记录" in empty
    assert "这里还没有" not in empty
    assert empty.count("没有") == 1


def test_a_made_invitation_says_for_how_long_it_is_shown(page: Any) -> None:
    given = {"display_name": "王工", "username": "wang", "roles": ["technician"], "scope": "all"}
    shown = page("admin").post("/people/invite/", given, follow=True).content.decode()
    assert "只在这里显示一次" not in shown
    assert "15 分钟" in shown


def test_who_joins_reads_the_rule_before_he_types(page: Any) -> None:
    given = {"display_name": "王工", "username": "wang", "roles": ["technician"], "scope": "all"}
    made = page("admin").post("/people/invite/", given, follow=True).content.decode()
    path = re.search(r"http://testserver(/join/[^<\s\"]+)", made)
    assert path
    assert "至少 8 位，不能全是数字" in Client().get(path[1]).content.decode()
