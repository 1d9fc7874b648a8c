"""Every figure on the menu and the home page counts the list that it stands beside; and whom a ticket was dispatched to."""

import random
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from yizhan.channels.models import Call, InboundMessage, PhoneLine
from yizhan.channels.queries import inbound_messages, visible_calls
from yizhan.channels.services.mailboxes import add_mailbox
from yizhan.channels.services.polling import store_raw
from yizhan.kernel import clock
from yizhan.kernel.actor import system_actor
from yizhan.kernel.documents.xlsx import read_table
from yizhan.kernel.testing.api import ApiClient
from yizhan.people.models import Assignment, Customer, Role, Team, User
from yizhan.people.tests.mixed import make_person
from yizhan.site.navigation import menu
from yizhan.tickets.counting import COUNTED, work_counts
from yizhan.tickets.gate import gate_groups
from yizhan.tickets.models import CoHandler, SubState, Ticket
from yizhan.tickets.models.ticket import SUB_STATES

PEOPLE = ("engineer1", "engineer2", "desk", "manager", "auditor", "half", "mixed")


@pytest.fixture
def crowd(world: Any) -> None:
    """Tickets in every condition and with everybody on them, at two customers; `half` serves one of these, `mixed`
    closes for one and only reads the other's.
    """
    make_person("mixed", (Role.DESK, "demo-a"), (Role.AUDITOR, "demo-b"))
    half = User.objects.create_user("half", display_name="半程", email="half@yizhan.example")
    for role in ("technician", "desk"):
        Assignment.objects.create(user=half, role=role, customer=Customer.objects.get(code="demo-b"))
    Team.objects.get(code="tier2").members.add(half)
    dice = random.Random(2611)
    people = [*User.objects.filter(username__in=["engineer1", "engineer2", "half"]), None]
    bases = [world.completed(), world.completed(requester="requester2")]
    for index in range(150):
        spread(dice.choice(bases), dice, people, index)


def spread(base: Ticket, dice: random.Random, people: list[User | None], index: int) -> None:
    ticket, state = Ticket.objects.get(pk=base.pk), dice.choice(["pending", "in_progress", "completed"])
    ticket.pk, ticket.number, ticket.reply_token = None, f"INC991122-{index:05d}", f"token-{index}"
    ticket.state, ticket.sub_state = state, str(dice.choice(SUB_STATES[state]))  # type: ignore[index]
    if state == "pending":
        ticket.owner = ticket.handler = None
        ticket.offered_to = dice.choice(people) if ticket.sub_state == SubState.OFFERED else None
    else:
        ticket.owner = dice.choice(people) or base.owner
        ticket.handler, ticket.transfer_to = dice.choice(people), dice.choice([None, None, dice.choice(people)])
    ticket.team = dice.choice([None, *Team.objects.all()])
    ticket._state.adding = True
    ticket.save(force_insert=True)
    helper = dice.choice(people)
    if helper and state == "in_progress":
        CoHandler.objects.create(ticket=ticket, user=helper, added_at=clock.now())


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("username", PEOPLE)
def test_each_figure_counts_its_list(world: Any, page: Any, username: str) -> None:
    actor = world.actor(username)
    counts, client, screen = work_counts(actor), ApiClient(username), page(username)
    for view in COUNTED:
        listed = client.get(f"/tickets?view={view}&limit=200")["items"]
        assert getattr(counts, view) == len(listed), view
        assert screen.get(f"/tickets/?view={view}").context["count"] == str(len(listed)), view
    home = screen.get("/").context
    shown = [t for t, _ in home["offered"]] + home["work"]
    assert min(counts.mine, 40) == len(shown)
    if actor.holds("tickets.archive"):
        groups, shown = gate_groups(actor), {item.url: item.count for item in menu(actor, "/")[0].items}
        assert shown["/closing/"] == sum(rows.count() for rows in groups.values()) > 0
        assert home["ready"] == str(groups["ready"].count())


@pytest.mark.usefixtures("crowd")
def test_nobodys_and_dispatched_are_two_things(world: Any) -> None:
    counts = work_counts(world.actor("desk"))
    assert counts.unassigned == Ticket.objects.filter(sub_state="unassigned").count() > 0
    assert counts.offered == Ticket.objects.filter(sub_state="offered").count() > 0


def test_channels_and_calls_count_what_their_pages_list(world: Any) -> None:
    box = add_mailbox(
        actor=system_actor("t"), name="b", address="b@yizhan.example", imap_url="imap://h", smtp_url="", customer="demo-b"
    )
    store_raw(box, [b"From: x@y.example\r\nSubject: s\r\n\r\nb"], clock.now())
    InboundMessage.objects.update(state="triage")
    line = PhoneLine.objects.create(name="l", sealed_secret="")
    for number in range(3):
        at = clock.now() - timedelta(minutes=number)
        Call.objects.create(line=line, source_id=str(number), number="1", state="missed", started_at=at)
    actor = world.actor("desk")
    counts = {item.url: item.count for item in menu(actor, "/")[0].items}
    assert counts["/channels/"] == inbound_messages(actor, "waiting").count() == 1
    assert counts["/calls/"] == visible_calls(actor, "missed").count() == 3


def test_a_dispatched_ticket_says_to_whom_everywhere(api: Any, page: Any, world: Any) -> None:
    one, other = world.new().number, world.new().number
    api("desk").act(one, "dispatch", to="engineer1")
    api("desk").act(other, "dispatch", to="tier2")
    screen = page("desk")
    for address in ("/tickets/?view=offered", "/tickets/", "/", f"/tickets/{one}/", "/tickets/?columns=number,sub_state"):
        assert "已派给 陈立 · 待接" in screen.get(address).content.decode(), address
    assert "已派给 二线支持 · 待接" in screen.get("/tickets/").content.decode()
    assert "未派</i>" not in screen.get("/tickets/").content.decode()
    facts = screen.get(f"/tickets/{one}/").content.decode()
    assert '<span class="t3">未派</span>' not in facts
    cells = str(
        read_table(screen.get(reverse("list-export", args=["tickets"]) + "?columns=number,state,owner").content, "a.xlsx")
    )
    assert "待处理 · 已派给 陈立 · 待接" in cells
    assert one not in screen.get("/tickets/?view=unassigned").content.decode()
    assert [item["number"] for item in api("desk").get("/tickets?view=unassigned")["items"]] == []
    theirs = page("requester1")
    assert "已派给 陈立 · 待接" in theirs.get("/").content.decode()
    assert "已派给 陈立 · 待接" in theirs.get(f"/tickets/{one}/").content.decode()
