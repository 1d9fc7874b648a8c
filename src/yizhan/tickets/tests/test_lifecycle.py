"""One request through its whole life, and every refusal on the way (S6–S13)."""

from datetime import timedelta
from typing import Any

import pytest

from yizhan.kernel import clock
from yizhan.tickets.models import Ticket
from yizhan.tickets.tests.world import SHEET, STROKE


def body(**more: Any) -> dict[str, Any]:
    return {"customer": "demo-a", "requester": {"name": "张倩", "phone": "13800005678"}, "subject": "打印机显示脱机", **more}


def test_a_request_travels_to_the_archive(api: Any) -> None:  # S7 S9 S10 S11 S12 S13
    desk, one, two, user = api("desk"), api("engineer1"), api("engineer2"), api("requester1")
    made = desk.post("/tickets", body())
    assert made.status == 201
    number = made["number"]
    assert (made["state"], made["sub_state"], made["owner"]) == ("pending", "unassigned", None)
    assert made["requester"]["username"] == "requester1"
    assert one.act(number, "claim").body["first_contact_owner"] == "engineer1"
    assert one.act(number, "claim").status == 409
    assert two.act(number, "claim").status == 409
    assert one.act(number, "submit_sheet", sheet=SHEET).body["missing"] == ["level_judged"]
    assert one.act(number, "judge_level", level=2, reason="多人受影响").body["level_judged"] is True
    assert one.act(number, "depart").body["sub_state"] == "en_route"
    assert one.act(number, "arrive", proof="scan").body["sub_state"] == "on_site"
    assert one.act(number, "submit_sheet", sheet=SHEET).body["missing"] == ["visit_ended"]
    assert one.act(number, "leave").body["sub_state"] == "accepted"
    escalated = one.act(number, "escalate", team="tier2", diagnosis="端口反复掉线")
    assert (escalated["sub_state"], escalated["owner"]) == ("tier2", "engineer1")
    assert two.act(number, "accept").body["handler"] == "engineer2"
    assert one.act(number, "submit_sheet", sheet={**SHEET, "outcome": "next_visit"}).body["state"] == "in_progress"
    done = two.act(number, "submit_sheet", sheet=SHEET)
    assert (done["state"], done["sub_state"], done["owner"]) == ("completed", "wait_signoff", "engineer1")
    assert desk.act(number, "archive").body["missing"] == ["signature", "knowledge", "return_visit", "survey"]
    assert user.act(number, "sign", signer_name="张倩", method="account").body["sub_state"] == "signed"
    assert user.act(number, "rate", score=5, tags=["来得快"], comment="好").body["sub_state"] == "rated"
    assert user.act(number, "rate", score=1).status == 409
    assert desk.act(number, "record_return_visit", result="reached", satisfied=True, comment="正常").status == 200
    assert desk.act(number, "decide_knowledge", decision="routine", article=None, reason=None).status == 200
    assert desk.act(number, "archive").body["state"] == "archived"
    assert desk.act(number, "archive").status == 409
    found = desk.get("/search?q=显示脱机")["items"]
    assert number in {item["number"] for item in found}


def test_an_engineers_own_registration_makes_him_owner(api: Any) -> None:  # S9
    made = api("engineer3").post("/tickets", body())
    assert (made["state"], made["owner"], made["first_contact_owner"]) == ("in_progress", "engineer3", "engineer3")


def test_first_contact_never_changes(api: Any, world: Any) -> None:  # S9
    ticket = world.claimed()
    one, three = api("engineer1"), api("engineer3")
    assert one.act(ticket.number, "transfer", to="engineer3", reason="换班").body["owner"] == "engineer1"
    assert api("engineer2").act(ticket.number, "accept_transfer").status == 403
    moved = three.act(ticket.number, "accept_transfer")
    assert (moved["owner"], moved["handler"], moved["first_contact_owner"]) == ("engineer3", "engineer3", "engineer1")
    assert one.act(ticket.number, "transfer", to="engineer2", reason="x").status == 403


def test_a_declined_transfer_stays(api: Any, world: Any) -> None:
    ticket = world.claimed()
    api("engineer1").act(ticket.number, "transfer", to="engineer3", reason="换班")
    assert api("engineer3").act(ticket.number, "decline_transfer", reason="在外地").body["owner"] == "engineer1"
    assert api("engineer3").act(ticket.number, "accept_transfer").status == 403


def test_the_manager_reassigns_without_acceptance(api: Any, world: Any) -> None:
    ticket = world.claimed()
    moved = api("manager").act(ticket.number, "transfer", to="engineer3", reason="病假", force=True)
    assert moved["owner"] == "engineer3"


def test_dispatch_recall_accept(api: Any, world: Any) -> None:
    number = world.new().number
    desk = api("desk")
    assert api("engineer1").act(number, "dispatch", to="engineer1").status == 403
    assert desk.act(number, "dispatch", to="manager").body["code"] == "not_an_engineer"
    assert desk.act(number, "dispatch", to="engineer1").body["sub_state"] == "offered"
    assert desk.act(number, "recall").body["sub_state"] == "unassigned"
    assert desk.act(number, "recall").status == 409
    desk.act(number, "dispatch", to="engineer1")
    assert api("engineer3").act(number, "accept").status == 403
    assert api("engineer1").act(number, "accept").body["owner"] == "engineer1"


def test_suspend_needs_reason_and_date_and_ends_with_the_users_reply(api: Any, world: Any) -> None:
    number = world.claimed().number
    one = api("engineer1")
    assert one.act(number, "suspend", reason="wait_vendor", note="8812", eta=None).status == 422
    assert one.act(number, "suspend", reason="wait_user", note="等用户回复").body["sub_state"] == "wait_user"
    assert one.act(number, "suspend", reason="wait_parts", note="x").status == 409
    one.act(number, "judge_level", level=3)
    assert one.act(number, "submit_sheet", sheet=SHEET).body["missing"] == ["suspension_closed"]
    assert api("requester1").post(f"/tickets/{number}/messages", {"body": "可以来了"}).status == 201
    assert one.get(f"/tickets/{number}")["sub_state"] == "accepted"


def test_lowering_a_judged_level_needs_the_manager(api: Any, world: Any) -> None:  # S6
    number = world.judged(level=2).number
    one = api("engineer1")
    assert one.act(number, "judge_level", level=1, reason="更糟").status == 200
    assert one.act(number, "judge_level", level=4, reason="不急").body["code"] == "lowering_needs_manager"
    assert api("manager").act(number, "judge_level", level=4, reason="不急").body["level"] == 4
    shown = one.get(f"/tickets/{number}")
    assert (shown["reported_level"], shown["level"]) == (3, 4)


def test_mark_restored_backdated_is_flagged(api: Any, world: Any) -> None:
    with clock.at(clock.now() - timedelta(hours=2)):
        number = world.claimed().number
    one = api("engineer1")
    early = (clock.now() - timedelta(hours=5)).isoformat()
    assert one.act(number, "mark_restored", at=early, note="x").status == 422
    at = (clock.now() - timedelta(hours=1)).isoformat()
    assert one.act(number, "mark_restored", at=at, note="已恢复").body["restored_backdated"] is True
    assert one.act(number, "mark_restored", at=None, note="x").status == 409


def test_refusal_reopens_and_the_old_signature_is_history(api: Any, world: Any) -> None:  # S13
    number = world.completed().number
    user = api("requester1")
    assert user.act(number, "refuse", reason=" ").status == 422
    back = user.act(number, "refuse", reason="还是脱机")
    assert (back["state"], back["sub_state"], back["owner"]) == ("in_progress", "reopened", "engineer1")
    assert api("engineer1").act(number, "submit_sheet", sheet=SHEET).status == 200
    assert user.act(number, "sign", signer_name="张倩", method="account").status == 200
    assert user.act(number, "refuse", reason="x").status == 409


def test_who_signs_how(api: Any, world: Any) -> None:
    number = world.completed().number
    one = api("engineer1")
    assert one.act(number, "sign", signer_name="张倩", method="account").status == 403
    assert one.act(number, "sign", signer_name="张倩", method="drawn", strokes=[]).status == 422
    assert one.act(number, "sign", signer_name="张倩", method="drawn", strokes=[[[1, 1, 0], [float("1e12"), 2, 3]]]).status == 422
    assert api("engineer3").act(number, "sign", signer_name="张倩", method="drawn", strokes=STROKE).status == 403
    assert one.act(number, "sign", signer_name="张倩", method="drawn", strokes=STROKE).body["sub_state"] == "signed"


def test_the_contact_person_signs_on_behalf_and_does_not_rate(api: Any, world: Any) -> None:
    number = world.completed().number
    contact = api("customer1")
    assert contact.act(number, "sign", signer_name="沈岚", method="account").status == 403
    half = {"name": "张倩", "relation": "", "reason": ""}
    assert contact.act(number, "sign", signer_name="沈岚", method="account", on_behalf=half).status == 422
    whole = {"name": "张倩", "relation": "同事", "reason": "出差"}
    assert contact.act(number, "sign", signer_name="沈岚", method="account", on_behalf=whole).status == 200
    assert contact.act(number, "rate", score=5).status == 403


def test_waiving_is_the_managers_and_counted_apart(api: Any, world: Any) -> None:
    number = world.completed().number
    assert api("desk").act(number, "waive_sign", reason="x").status == 403
    assert api("manager").act(number, "waive_sign", reason="用户出差").body["sub_state"] == "signed"
    assert Ticket.objects.get(number=number).sign_offs.get().method == "waived"


@pytest.mark.parametrize(("result", "tries", "days", "passes"), [
    ("reached", 1, 1, True), ("refused", 1, 1, True), ("unreachable", 2, 2, False),
    ("unreachable", 3, 1, False), ("unreachable", 3, 2, True),
])  # fmt: skip
def test_what_counts_as_a_return_visit(world: Any, result: str, tries: int, days: int, passes: bool) -> None:
    from yizhan.tickets.gate import archive_missing
    from yizhan.tickets.services.closing import record_return_visit

    ticket = world.signed()
    for index in range(tries):
        moment = clock.now() + timedelta(days=index % days, minutes=index)
        with clock.at(moment):
            satisfied = True if result == "reached" else None
            ticket = record_return_visit(actor=world.actor("desk"), number=ticket.number, result=result, satisfied=satisfied)
    assert ("return_visit" not in archive_missing(ticket, clock.now())) is passes


def test_a_self_made_visit_is_marked(api: Any, world: Any) -> None:
    ticket = world.signed()
    api("engineer1").act(ticket.number, "record_return_visit", result="reached", satisfied=True, comment="好")
    assert ticket.return_visits.get().self_made is True


def test_cancel_until_arrival(api: Any, world: Any) -> None:
    user, one = api("requester1"), api("engineer1")
    number = world.claimed().number
    assert user.act(number, "cancel", reason="自己好了").body["closure_code"] == "cancelled"
    number = world.claimed().number
    one.act(number, "arrive", proof="none")
    assert user.act(number, "cancel", reason="不用了").status == 409


def test_void_by_the_desk_is_narrow(api: Any, world: Any) -> None:
    desk = api("desk")
    assert desk.act(world.new().number, "void", code="out_of_scope", reason="x").status == 403
    assert desk.act(world.new().number, "void", code="duplicate", reason="重复").body["state"] == "archived"
    with clock.at(clock.now() - timedelta(hours=20)):
        old = world.new().number
    assert desk.act(old, "void", code="duplicate", reason="重复").status == 403
    assert api("manager").act(old, "void", code="out_of_scope", reason="不在合同内").status == 200


def test_reopening_ends_after_seven_days(api: Any, world: Any) -> None:
    with clock.at(clock.now() - timedelta(days=8)):
        old = world.completed().number
    assert api("desk").act(old, "reopen", reason="又坏了").body["code"] == "reopen_window"
    assert api("desk").act(world.completed().number, "reopen", reason="又坏了").body["sub_state"] == "reopened"


def test_quick_log_is_one_save(api: Any) -> None:
    done = {"level": 4, "sheet": SHEET}
    made = api("engineer1").post("/tickets", body(complete=done))
    assert (made.status, made["state"], made["level"], made["owner"]) == (201, "completed", 4, "engineer1")
    assert api("desk").post("/tickets", body(complete=done)).status == 403
    before = Ticket.objects.count()
    bad = {"level": 4, "sheet": {key: value for key, value in SHEET.items() if key != "category"}}
    assert api("engineer1").post("/tickets", body(complete=bad)).status == 422
    assert Ticket.objects.count() == before


def test_remind_counts_and_makes_no_ticket(api: Any, world: Any) -> None:
    number, before = world.new().number, Ticket.objects.count()
    user = api("requester1")
    user.act(number, "remind", comment="急")
    assert user.act(number, "remind", comment="很急").body["remind_count"] == 2
    assert Ticket.objects.count() - before == 0


def test_backfilling_is_flagged_and_limited(api: Any) -> None:
    two_hours = (clock.now() - timedelta(hours=2)).isoformat()
    two_days = (clock.now() - timedelta(days=2)).isoformat()
    future = (clock.now() + timedelta(hours=1)).isoformat()
    desk = api("desk")
    assert desk.post("/tickets", body(received_at=two_hours))["backfilled"] is True
    assert desk.post("/tickets", body(received_at=two_days)).status == 403
    assert api("manager").post("/tickets", body(received_at=two_days)).status == 201
    assert desk.post("/tickets", body(received_at=future)).status == 422


def test_a_signed_sheet_cannot_change(world: Any) -> None:
    from django.db import DatabaseError, transaction

    sheet = world.signed().sheets.get()
    with pytest.raises(DatabaseError), transaction.atomic():
        type(sheet).objects.filter(pk=sheet.pk).update(diagnosis="别的")


def test_the_night_archives_what_meets_the_gate(world: Any) -> None:
    from yizhan.tickets.services import nightly

    ready, waiting = world.ready(), world.signed()
    nightly.archive_what_may()
    ready.refresh_from_db()
    waiting.refresh_from_db()
    assert (ready.state, waiting.state) == ("archived", "completed")


def test_silence_is_taken_for_assent_after_seven_days_and_counted_apart(world: Any) -> None:
    from yizhan.tickets.services import nightly

    with clock.at(clock.now() - timedelta(days=8)):
        ticket = world.completed()
    fresh = world.completed()
    nightly.confirm_silent()
    assert ticket.sign_offs.get().method == "auto_confirmed"
    assert not fresh.sign_offs.exists()
