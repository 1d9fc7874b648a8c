"""The archive gate: what holds a ticket back, and that one ticket, its queue, the night and the figures agree."""

import random
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connection

from yizhan.kernel import clock
from yizhan.kernel.errors import GuardFailed, Invalid
from yizhan.tickets.gate import MISSING, QUEUES, archive_missing, gate_groups, gate_of
from yizhan.tickets.models import ReturnVisit, SignOff, Ticket, TicketLink
from yizhan.tickets.services import closing, nightly, signing
from yizhan.tickets.services.link_signing import LinkAnswer, answer_link
from yizhan.tickets.tests.world import SHEET, STROKE


def almost_ready(world: Any) -> Ticket:
    """Signed, rated, knowledge decided: only the return visit is open."""
    ticket = world.signed()
    closing.rate_ticket(actor=world.actor("requester1"), number=ticket.number, score=5)
    made: Ticket = closing.decide_knowledge(actor=world.actor("desk"), number=ticket.number, decision="routine")
    return made


def test_not_solved_never_archives_as_normal(world: Any, api: Any) -> None:
    number = almost_ready(world).number
    desk = api("desk")
    kept = desk.act(number, "record_return_visit", result="reached", satisfied=True, solved=False, comment="还是脱机")
    assert kept.status == 200
    refused = desk.act(number, "archive")
    assert (refused.status, refused["code"], refused["missing"]) == (422, "archive_gate", ["return_visit"])
    nightly.archive_what_may()
    assert Ticket.objects.get(number=number).state == "completed"
    assert [t.number for t in gate_groups(world.actor("desk"))["unsolved"]] == [number]
    line = desk.get(f"/tickets/{number}/timeline")["items"][-1]
    assert (line["sentence"], line["text"]) == ("林晓雯 电话回访：没解决", "还是脱机")


def test_without_solved_it_follows_satisfied(world: Any, api: Any) -> None:
    first, second, third = (almost_ready(world).number for _ in range(3))
    desk = api("desk")
    assert desk.act(first, "record_return_visit", result="reached", satisfied=False).status == 200
    assert desk.act(second, "record_return_visit", result="reached", satisfied=True).status == 200
    assert desk.act(third, "record_return_visit", result="reached", solved=True, satisfied=False).status == 200
    assert desk.act(third, "record_return_visit", result="reached").status == 422
    assert [desk.act(number, "archive").status for number in (first, second, third)] == [422, 200, 200]
    kept = ReturnVisit.objects.order_by("pk").values_list("solved", "satisfied")
    assert list(kept) == [(False, False), (True, True), (True, False)]


def test_after_not_solved_the_next_answer_decides(world: Any, api: Any) -> None:
    number, desk = almost_ready(world).number, api("desk")
    desk.act(number, "record_return_visit", result="reached", solved=False, satisfied=False)
    desk.act(number, "record_return_visit", result="unreachable")
    assert desk.act(number, "archive").status == 422
    desk.act(number, "record_return_visit", result="reached", solved=True, satisfied=True)
    assert desk.act(number, "archive").body["state"] == "archived"


def test_not_solved_leads_to_reopening_and_a_new_visit(world: Any, api: Any) -> None:
    number, desk = almost_ready(world).number, api("desk")
    desk.act(number, "record_return_visit", result="reached", solved=False, satisfied=False)
    assert desk.act(number, "reopen", reason="还是脱机").body["sub_state"] == "reopened"
    assert api("engineer1").act(number, "submit_sheet", sheet=SHEET).status == 200
    assert "return_visit" in desk.act(number, "archive").body["missing"]
    gate = gate_of(Ticket.objects.get(number=number), clock.now())
    assert not gate.unsolved


def test_not_solved_may_lead_to_a_new_ticket_that_follows_it(world: Any, page: Any) -> None:
    ticket = almost_ready(world)
    older = world.new()
    desk = page("desk")
    sent = desk.post(f"/closing/{ticket.number}/visit/", {"result": "reached", "solved": "false", "comment": "又不出纸"})
    assert sent.headers["Location"] == f"/closing/{ticket.number}/"
    shown = desk.get(sent.headers["Location"]).content.decode()
    assert "又不出纸" in shown
    assert f"/tickets/{ticket.number}/do/reopen/" in shown
    TicketLink.objects.create(source=older, target=ticket, kind="follow_up_of", created_at=clock.now())
    with pytest.raises(GuardFailed):  # a ticket from before the answer does not follow from it
        closing.archive_ticket(actor=world.actor("desk"), number=ticket.number)
    made = desk.post(f"/closing/{ticket.number}/follow-up/", {"description": "又不出纸"})
    new = Ticket.objects.order_by("-pk")[0]
    assert made.headers["Location"] == f"/tickets/{new.number}/"
    assert (new.requester, new.description, new.state) == (ticket.requester, "又不出纸", "pending")
    closing.archive_ticket(actor=world.actor("desk"), number=ticket.number)


def followed(world: Any) -> tuple[str, str]:
    """(a ticket that was not solved, the new one that follows it)."""
    number, desk = almost_ready(world).number, world.actor("desk")
    closing.record_return_visit(actor=desk, number=number, result="reached", solved=False, satisfied=False, comment="又脱机")
    return number, closing.follow_up(actor=desk, number=number).number


def test_what_was_not_solved_is_archived_as_followed_up_and_never_as_served(world: Any, api: Any, page: Any) -> None:
    (first, new), (second, third), (fourth, fifth) = followed(world), followed(world), followed(world)
    normal, screen, desk = world.ready().number, page("desk"), api("desk")
    groups = gate_groups(world.actor("desk"))
    assert sorted(t.number for t in groups["followed"]) == sorted([first, second, fourth])
    assert [t.number for t in groups["ready"]] == [normal]
    shown = screen.get(f"/closing/{first}/").content.decode()
    assert "未解决，已转后续单" in shown
    assert f"/tickets/{new}/" in shown
    screen.post("/closing/archive/", {"step": "apply", "number": [normal, first]})
    assert Ticket.objects.get(number=normal).closure_code == "normal"
    assert Ticket.objects.get(number=first).state == "completed"
    assert screen.post(f"/tickets/{first}/do/archive/", {"next": "/closing/"}).status_code == 302
    assert desk.act(second, "archive").body["closure_code"] == "followed_up"
    assert nightly.archive_what_may() == 1
    for number, follows in ((first, new), (second, third), (fourth, fifth)):
        ticket = Ticket.objects.get(number=number)
        assert (ticket.state, ticket.closure_code, ticket.closure_reason) == ("archived", "followed_up", follows)
    line = desk.get(f"/tickets/{first}/timeline")["items"][-1]
    assert (line["sentence"], line["text"]) == ("归档：未解决，已转后续单", new)
    assert f"/tickets/{new}/" in screen.get(f"/tickets/{first}/").content.decode()


def test_a_later_yes_is_served_though_a_new_ticket_follows(world: Any, api: Any) -> None:
    number, _ = followed(world)
    api("desk").act(number, "record_return_visit", result="reached", solved=True, satisfied=True)
    assert api("desk").act(number, "archive").body["closure_code"] == "normal"


def test_followed_up_is_no_code_to_void_with(world: Any, api: Any, page: Any) -> None:
    number = world.new().number
    assert api("manager").act(number, "void", code="followed_up", reason="x").status == 422
    with pytest.raises(Invalid):
        closing.void_ticket(actor=world.actor("manager"), number=number, code="followed_up", reason="x")
    assert "followed_up" not in page("manager").get(f"/tickets/{number}/do/void/").content.decode()


def test_the_upgrade_says_what_was_archived_as_served_though_not_solved(world: Any) -> None:
    (number, new), served = followed(world), world.archived().number
    closing.archive_ticket(actor=world.actor("desk"), number=number)
    upgrade = import_module("yizhan.tickets.migrations.0010_closure_followed_up")
    with connection.cursor() as cursor:
        cursor.execute(upgrade.BACK)
        assert Ticket.objects.get(number=number).closure_code == "normal"
        cursor.execute(upgrade.FORWARD)
    ticket = Ticket.objects.get(number=number)
    assert (ticket.closure_code, ticket.closure_reason) == ("followed_up", new)
    assert Ticket.objects.get(number=served).closure_code == "normal"


def test_the_users_own_no_by_link_stands_on_the_timeline(world: Any, api: Any) -> None:
    ticket = world.completed()
    token = signing.new_link(ticket, ticket.sheets.get())
    answer = LinkAnswer(fixed=False, signature=signing.Signature("", "link"), reason="还是打不出")
    answer_link(token=token, answer=answer, address="192.0.2.9")
    visit = ReturnVisit.objects.get()
    assert (visit.solved, visit.comment, visit.by_link) == (False, "还是打不出", True)
    ticket.refresh_from_db()
    assert ticket.sub_state == "reopened"
    sentences = [line["sentence"] for line in api("desk").get(f"/tickets/{ticket.number}/timeline")["items"]]
    assert "张倩 在链接里回答：没修好" in sentences


def test_the_users_own_yes_by_link_counts_as_solved(world: Any, api: Any) -> None:
    ticket = world.completed()
    token = signing.new_link(ticket, ticket.sheets.get())
    answer = LinkAnswer(fixed=True, signature=signing.Signature("张倩", "link", STROKE), score=2)
    answer_link(token=token, answer=answer, address="192.0.2.9")
    visit = ReturnVisit.objects.get()
    assert (visit.solved, visit.satisfied) == (True, False)
    assert "return_visit" not in archive_missing(ticket, clock.now())


def test_the_closing_desk_settles_in_one_save(world: Any, page: Any) -> None:
    ticket = world.signed()
    closing.rate_ticket(actor=world.actor("requester1"), number=ticket.number, score=5)
    given = {"result": "reached", "solved": "true", "satisfied": "true", "decision": "nonsense"}
    desk = page("desk")
    assert desk.post(f"/closing/{ticket.number}/visit/", given).status_code == 422
    assert not ReturnVisit.objects.exists()
    assert desk.post(f"/closing/{ticket.number}/visit/", {**given, "decision": "routine"}).status_code == 302
    ticket.refresh_from_db()
    assert ticket.state == "archived"


def test_one_ticket_its_queue_and_the_night_agree(world: Any) -> None:
    """Generated cases: every completed ticket stands in the queue of what its own gate says is missing first."""
    dice = random.Random(8)
    base = world.completed()
    now = clock.now()
    made = [base.pk, *(copied(base, dice, now, index) for index in range(60))]
    groups = gate_groups(world.actor("desk"))
    queue = {pk: name for name, rows in groups.items() for pk in rows.values_list("pk", flat=True)}
    assert sorted(queue) == sorted(made)
    assert sum(rows.count() for rows in groups.values()) == len(made)
    for ticket in Ticket.objects.filter(pk__in=made):
        gate = gate_of(ticket, now)
        first = next((name for name, part in QUEUES.items() if part in gate.missing), "ready")
        assert queue[ticket.pk] == ("unsolved" if gate.unsolved else first), gate
        assert gate.missing == by_hand(ticket, now)
    assert {"unsolved", "sign", "visit", "ready"} <= set(queue.values())
    assert nightly.archive_what_may() == list(queue.values()).count("ready")


def copied(base: Ticket, dice: random.Random, now: Any, index: int) -> int:
    """Another completed ticket with a random closing story."""
    ticket = Ticket.objects.get(pk=base.pk)
    sheet = base.sheets.get()
    ticket.pk, ticket.number, ticket.reply_token = None, f"INC991122-{index:05d}", f"token-{index}"
    ticket.completed_at = now - timedelta(days=dice.randint(1, 6))
    ticket.knowledge = dice.choice(["", "routine"])
    ticket.survey_until = dice.choice([None, now - timedelta(days=1), now + timedelta(days=1)])
    ticket._state.adding = True
    ticket.save(force_insert=True)
    if dice.random() < 0.8:
        SignOff.objects.create(ticket=ticket, sheet=sheet, method="drawn", sheet_sha256="x", signed_at=now, valid=True)
    for _ in range(dice.randint(0, 4)):
        result = dice.choice(["unreachable", "unreachable", "unreachable", "reached", "refused", "exempt"])
        solved = dice.choice([True, False]) if result == "reached" else None
        at = ticket.completed_at + timedelta(hours=dice.randint(-20, 60))
        ReturnVisit.objects.create(ticket=ticket, result=result, solved=solved, made_at=at)
    return ticket.pk


def by_hand(ticket: Ticket, now: Any) -> list[str]:
    """The rule of DOMAIN 2.2 said once more, in plain words."""
    visits = [v for v in ticket.return_visits.order_by("pk") if ticket.completed_at and v.made_at >= ticket.completed_at]
    days = {v.made_at.astimezone(clock.DEFAULT_ZONE).date() for v in visits}
    tried = all(v.result == "unreachable" for v in visits) and len(visits) >= 3 and len(days) >= 2
    done = any(v.result != "unreachable" for v in visits) or tried
    answers = [v.solved for v in visits if v.solved is not None]
    lacks = {
        "signature": not ticket.sign_offs.filter(valid=True).exists(), "knowledge": not ticket.knowledge,
        "return_visit": not done or answers[-1:] == [False],
        "survey": not hasattr(ticket, "rating") and ticket.survey_until is not None and now <= ticket.survey_until,
    }  # fmt: skip
    return [name for name in MISSING if lacks[name]]
