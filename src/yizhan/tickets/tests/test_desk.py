"""登记台: paste, same fault, done at once; one save each, or nothing."""

import re
from typing import Any

import pytest
from django.urls import reverse

from yizhan.kernel.models import Notice
from yizhan.people.models import Contact
from yizhan.tickets.models import AffectedUser, Ticket


def form(**more: Any) -> dict[str, Any]:
    contact = Contact.objects.get(name="张倩")
    given = {"requester": contact.pk, "subject": "VLOOKUP 跨表怎么用", "level": "4", "channel": "phone", "category": "office"}
    return {**given, **more}


def test_a_pasted_message_fills_the_form_with_the_caller_known(page: Any) -> None:  # S3
    text = "张倩 10:22\n三楼302打印机卡纸 13800005678"
    shown = page("desk").post(reverse("desk-paste"), {"text": text})
    assert shown.status_code == 200
    assert shown.context["caller"].name == "张倩"
    content = shown.content.decode()
    assert "三楼302打印机卡纸" in content
    assert 'value="wechat_group" checked' in content
    assert Ticket.objects.count() == 0


def test_a_pasted_stranger_becomes_a_new_caller(page: Any) -> None:
    shown = page("desk").post(reverse("desk-paste"), {"text": "欧阳锋(12345678) 2026/11/22 9:12:33\n电脑黑屏"})
    assert shown.context["caller"] is None
    assert 'value="欧阳锋"' in shown.content.decode()
    assert page("desk").post(reverse("desk-paste"), {"text": ""}).status_code == 200


def test_a_pasted_message_without_a_sender_asks_for_the_caller(page: Any) -> None:
    told = page("desk").post(reverse("desk-paste"), {"text": "打印机没粉了"}).content.decode()
    assert "没认出是谁发的，请选来电人" in told
    assert "已从消息里摘出" not in told
    found = page("desk").post(reverse("desk-paste"), {"text": "张倩 10:22\n打印机没粉了"}).content.decode()
    assert "已从消息里摘出" in found
    assert "没认出是谁发的" not in found


def test_done_at_once_is_one_save(page: Any) -> None:
    sent = page("engineer1").post("/desk/", form(then="now", actions_taken="教用户写公式", labour_minutes="5"))
    assert sent.status_code == 302
    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.owner.username, ticket.level) == ("completed", "engineer1", 4)  # type: ignore[union-attr]
    assert ticket.sheets.get().actions_taken == "教用户写公式"


def test_done_at_once_without_a_category_keeps_what_was_typed(page: Any) -> None:
    sent = page("engineer1").post("/desk/", form(then="now", actions_taken="教用户写公式", category=""))
    assert sent.status_code == 422
    assert Ticket.objects.count() == 0
    assert "教用户写公式" in sent.content.decode()
    assert sent.context["caller"].name == "张倩"


@pytest.mark.parametrize(
    ("given", "refused"),
    [({}, {"who"}), ({"name": "王新"}, {"cu"}), ({"customer": "demo-a"}, {"nm"}), ({"phone": "13800005678"}, {"nm", "cu"}),
     ({"name": "王新", "phone": "1380000567"}, {"ph", "cu"}),
     ({"name": "王新", "customer": "demo-a", "phone": "1380000567"}, {"ph"}), ({"name": "王新", "customer": "demo-a"}, {"subject"})],
)  # fmt: skip
def test_exactly_what_is_refused_is_marked_and_told_beside_itself(page: Any, given: dict[str, str], refused: set[str]) -> None:
    subject = "" if "subject" in refused else "没声音"
    shown = page("desk").post("/desk/", {"then": "queue", "subject": subject, **given})
    assert shown.status_code == 422
    content = shown.content.decode()
    marked = [tag for tag in re.findall(r"<(?:input|select|textarea)[^>]*>", content) if 'aria-invalid="true"' in tag]
    assert {re.findall(r' id="([^"]+)"', tag)[0] for tag in marked} == refused
    for anchor in refused:
        assert f'aria-describedby="{anchor}_error"' in content
        assert re.search(rf'<span class="err" id="{anchor}_error">[^<]+</span>', content)
        assert f'<a href="#{anchor}">' in content
    assert not re.search(r'id="who"[^>]* autofocus', content)
    assert Ticket.objects.count() == 0


def test_a_desk_clerk_does_not_log_finished_work(page: Any) -> None:
    assert page("desk").post("/desk/", form(then="now", actions_taken="x")).status_code == 403
    assert Ticket.objects.count() == 0


def test_same_fault_from_the_callers_card(page: Any, world: Any) -> None:
    fault = world.new(requester="requester1", subject="三楼断网")
    other = Contact.objects.get(name="沈岚")
    sent = page("desk").post(reverse("desk-same", args=[fault.number]), {"requester": other.pk})
    assert sent.status_code == 302
    fault.refresh_from_db()
    assert fault.affected_count == 1
    assert AffectedUser.objects.get().contact == other
    assert page("desk").post(reverse("desk-same", args=[fault.number]), {"requester": other.pk}).status_code == 409
    assert page("desk").post(reverse("desk-same", args=[fault.number]), {}).status_code == 422
    shown = page("desk").get(f"/desk/?caller={Contact.objects.get(name='张倩').pk}").content.decode()
    assert "三楼断网" in shown


def test_affected_users_over_rest(api: Any, world: Any) -> None:
    number = world.claimed(subject="三楼断网").number
    desk = api("desk")
    assert desk.act(number, "add_affected", name="李华", phone="13900001234", place="305")["affected_count"] == 1
    assert desk.act(number, "add_affected", name="李华", phone="13900001234").status == 409
    assert desk.act(number, "add_affected", name="").status == 422
    assert desk.act(number, "add_affected", name="王五")["affected_count"] == 2
    for wrong in ("在前台", "1390000123"):
        refused = desk.act(number, "add_affected", name="赵六", phone=wrong)
        assert (refused.status, list(refused.body["errors"])) == (422, ["phone"])
    Contact.objects.create(customer=Contact.objects.get(name="张倩").customer, name="老同事", phone="打前台找", sort_key="x")
    assert desk.act(number, "add_affected", name="老同事", phone="打前台找")["affected_count"] == 3  # it stands there from before
    assert api("requester1").act(number, "add_affected", name="x").status == 403
    assert api("engineer1").act(number, "mark_restored").status == 200
    assert AffectedUser.objects.filter(told_at=None).count() == 0


def test_me_too_from_the_portal_and_told_when_it_is_over(page: Any, api: Any, world: Any) -> None:
    number = world.claimed(requester="requester1", subject="三楼断网").number
    me = page("customer1")
    assert me.post(reverse("report-same", args=[number])).status_code == 404  # nobody knows of it yet
    api("desk").act(number, "add_affected", name="李华")
    assert "三楼断网" in me.get("/report/").content.decode()
    assert me.post(reverse("report-same", args=[number])).status_code == 302
    assert Ticket.objects.get(number=number).affected_count == 2
    assert page("requester2").post(reverse("report-same", args=[number])).status_code == 404
    Contact.objects.filter(name="沈岚").update(email="shen@demo-a.example")
    api("engineer1").act(number, "mark_restored")
    assert Notice.objects.filter(code="fault_restored", address="shen@demo-a.example").count() == 1


def test_similar_tickets_say_what_helped(page: Any, world: Any) -> None:
    world.completed(subject="打印机脱机怎么办")
    shown = page("desk").get("/desk/similar/?subject=打印机脱机").content.decode()
    assert "重启打印服务" in shown
    assert 'data-category="print"' in shown


@pytest.mark.parametrize("text", ["zq", "zhangqian", "ZhangQian", "zhangq", "zhang qian", "zhang"])
def test_a_caller_is_found_by_pinyin_however_it_is_typed(page: Any, text: str) -> None:
    shown = page("desk").get(reverse("desk-callers"), {"who": text}).content.decode()
    assert "张倩" in shown
    assert "刘敏" not in page("desk").get("/data/contacts/", {"q": text}).content.decode()
    assert "张倩" in page("desk").get("/data/contacts/", {"q": text}).content.decode()


def test_who_is_spelled_whole_comes_first(page: Any) -> None:
    known = Contact.objects.get(name="张倩")
    save = {"name": "张倩倩", "customer": known.customer_id, "active": "on"}
    assert page("admin").post("/data/contacts/new/", save).status_code == 302
    shown = page("desk").get(reverse("desk-callers"), {"who": "zhangqian"}).content.decode()
    assert re.findall("张倩+", shown)[0] == "张倩"
    assert "张倩倩" in shown
    assert page("desk").get(reverse("desk-callers"), {"who": "z" * 5000}).status_code == 200
