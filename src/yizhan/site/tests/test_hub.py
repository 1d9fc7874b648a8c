"""The hub: how much it asks for how many, and that each hears exactly what his scope shows."""

import json
import random
from collections.abc import Collection, Mapping
from typing import Any

import pytest
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test.utils import CaptureQueriesContext

from yizhan.kernel import live
from yizhan.kernel.actor import Actor, Grant
from yizhan.kernel.live import Cursor, LiveEvent, LiveSource
from yizhan.people.models import Assignment, Contact, Customer, Role, User
from yizhan.site.hub import MOST_MISSED, Hub, Listener
from yizhan.site.live import Pass
from yizhan.tickets.models import Ticket
from yizhan.tickets.policies import TicketPermission, tickets

OLD = """
INSERT INTO kernel_event (xact, at, type, version, customer_id, object_type, object_id, actor, internal, payload)
SELECT 10 + n / 500, now(), 'EngineerLeft', 1, t.customer_id, 'tickets.ticket', t.id, 'test', false, '{}'
FROM tickets_ticket t, generate_series(1, %s) n WHERE t.number = %s
ORDER BY n RETURNING xact, id
"""
PERSON = ("requester1", "customer1", "desk", "engineer1", "manager")


def listener(username: str, **more: Any) -> Listener:
    """An open page of a signed-in person."""
    user, session = User.objects.get(username=username), SessionStore()
    proof = user.get_session_auth_hash()
    session[HASH_SESSION_KEY] = proof
    session.create()
    return Listener(Pass(user.pk, session.session_key or "", proof), Cursor(0, 0), **more)


def event(ticket: Ticket, place: int = 1, *, kind: str = "MessagePosted", internal: bool = False) -> LiveEvent:
    return LiveEvent(Cursor(place, place), kind, "tickets.ticket", ticket.pk, internal, "{}")


def heard(hub: Hub, listeners: list[Listener], events: list[LiveEvent]) -> dict[str, list[str]]:
    names = dict(User.objects.values_list("pk", "username"))
    told: dict[str, list[str]] = {}
    for one, part in hub.tell(live.known(events), listeners, checked=False):
        told.setdefault(names[one.given.user_id], []).append((part or b"end").decode())
    return told


@pytest.mark.parametrize("events", [1, 40])
def test_a_turn_asks_as_much_for_two_as_for_sixty(world: Any, events: int) -> None:
    made = [world.new() for _ in range(3)]
    news = [event(made[place % 3], place + 1) for place in range(events)]
    asked = []
    for count in (2, 60):
        hub, people = Hub(), [listener(PERSON[index % 5]) for index in range(count)]
        assert hub.admit(people) == []
        with CaptureQueriesContext(
            connection,
        ) as captured:
            told = hub.tell(live.known(news), people, checked=False)
        assert len({one for one, _ in told}) == count
        asked.append(len(captured))
    assert asked[0] == asked[1] <= 4


def test_letting_in_asks_as_much_for_two_as_for_sixty(world: Any) -> None:
    ticket, asked = world.new(), []
    for count in (2, 60):
        people = [listener(PERSON[index % 5], number=ticket.number) for index in range(count)]
        with CaptureQueriesContext(connection) as captured:
            assert Hub().admit(people) == []
        asked.append(len(captured))
    assert asked[0] == asked[1] <= 4


def test_internal_words_are_for_the_staff_of_that_customer(world: Any) -> None:
    """engineer3 serves demo-b only, and is a contact at demo-a: there he hears what a customer hears."""
    Assignment.objects.filter(user__username="engineer3").update(customer=Customer.objects.get(code="demo-b"))
    Contact.objects.filter(pk=world.contact().pk).update(user=None)
    contact = world.contact("customer1")
    Contact.objects.filter(pk=contact.pk).update(user=User.objects.get(username="engineer3"))
    ticket, foreign = world.new(requester="requester2"), world.new(requester="requester2")
    Ticket.objects.filter(pk=ticket.pk).update(customer=contact.customer, requester=contact)
    hub, people = Hub(), [listener("engineer3"), listener("desk")]
    hub.admit(people)
    told = heard(
        hub, people, [event(ticket, 1, kind="NotePosted", internal=True), event(ticket, 2), event(foreign, 3, internal=True)]
    )
    assert [("NotePosted" in part, foreign.number in part) for part in told["engineer3"]] == [(False, False), (False, True)]
    assert len(told["desk"]) == 3


def test_a_session_that_ended_hears_nothing_more(world: Any) -> None:
    ticket = world.new()
    hub, people = Hub(), [listener("desk"), listener("engineer1"), listener("manager")]
    hub.admit(people)
    SessionStore(people[0].given.session).flush()
    User.objects.filter(username="engineer1").update(is_active=False)
    assert {name: parts[0][:3] for name, parts in heard(hub, people, [event(ticket)]).items()} == {
        "desk": "end", "engineer1": "end", "manager": "id:",
    }  # fmt: skip


def test_what_was_told_is_not_told_again(world: Any) -> None:
    ticket, hub, late = world.new(), Hub(), listener("desk")
    hub.admit([late])
    late.after = Cursor(7, 2)
    news = [LiveEvent(Cursor(7, pk), "EngineerLeft", "tickets.ticket", ticket.pk, False, "{}") for pk in (1, 2, 3, 4)]
    assert [part.split("\n")[0] for part in heard(hub, [late], news)["desk"]] == ["id: 7-3", "id: 7-4"]


def test_who_missed_too_much_is_told_to_ask_anew(world: Any) -> None:
    """He costs a bounded read and one piece of news; who missed little beside him hears just that."""
    hub, ticket = Hub(), world.new()
    old, late, silent = listener("desk"), listener("desk"), listener("desk")
    hub.admit([old, late, silent])
    with connection.cursor() as cursor:
        cursor.execute(OLD, [MOST_MISSED + 1, ticket.number])
        rows = [Cursor(*row) for row in cursor.fetchall()]
    until = rows[-1]
    old.after, late.after, silent.after = Cursor(1, 0), rows[-3], until
    with CaptureQueriesContext(connection) as captured:
        told = hub.catch_up([old, late, silent], until)
    assert len(captured) < 3 + 2 * (MOST_MISSED // live.MOST + 1)
    heard = {one: [json.loads((part or b"").decode().split("data: ")[1])["type"] for who, part in told if who is one]
             for one in (old, late, silent)}  # fmt: skip
    assert heard == {old: ["Reload"], late: ["EngineerLeft"] * 2, silent: []}
    assert old.after == until


def test_a_faulty_source_silences_itself_only(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Faulty(LiveSource):
        def records(self, ids: Collection[int]) -> Mapping[int, Any]:
            raise KeyError("records")

        def told(self, actor: Actor, event: LiveEvent, record: Any) -> dict[str, Any] | None:
            raise KeyError("told")

    class Telling(Faulty):
        def records(self, ids: Collection[int]) -> Mapping[int, Any]:
            return dict.fromkeys(ids, "record")

    monkeypatch.setitem(live._sources, "test.first", Faulty())
    monkeypatch.setitem(live._sources, "test.second", Telling())
    ticket, hub, desk = world.new(), Hub(), listener("desk")
    hub.admit([desk])
    odd = [LiveEvent(Cursor(1, pk), "X", name, 1, False, "{}") for pk, name in enumerate(("test.first", "test.second"))]
    assert len(heard(hub, [desk], [*odd, event(ticket, 2)])["desk"]) == 1


@pytest.mark.parametrize("text", ["7-3", "7", "", "x", "7-", "-1", "1-2-3", "9" * 30, "７"])
def test_cursors_are_read_or_ignored(text: str) -> None:
    assert Cursor.read(text) == {"7-3": Cursor(7, 3), "7": Cursor(7, 2**62)}.get(text)


def test_the_rule_in_memory_is_the_scope(world: Any) -> None:
    """`sees` is the scope's second form, for speed: both over generated people and tickets."""
    dice = random.Random(8)
    made = [world.new(requester=name) for name in ("requester1", "requester2", "customer1") for _ in range(3)]
    customers, people = (
        list(Customer.objects.values_list("pk", flat=True)),
        list(Contact.objects.values_list("pk", "customer_id")),
    )
    users, seen = list(User.objects.values_list("pk", flat=True)), 0
    for ticket in made:
        contact, customer = dice.choice(people)
        Ticket.objects.filter(pk=ticket.pk).update(
            requester=contact, customer=customer, registered_by=dice.choice([None, *users])
        )
    nowhere: tuple[int | None, int | None] = (None, None)
    for _ in range(150):
        grants = tuple(Grant(dice.choice(Role.values), dice.choice([None, *customers])) for _ in range(dice.randrange(3)))
        own, home = dice.choice([*people, nowhere])
        actor = Actor("x", dice.choice(users), contact_id=own, home_customer_id=home, grants=grants)
        wanted = set(tickets.scope(actor, TicketPermission.VIEW).values_list("pk", flat=True))
        found = {ticket.pk for ticket in Ticket.objects.all() if tickets.sees(actor, ticket)}
        assert found == wanted
        seen += bool(wanted) and len(wanted) < len(made)
    assert seen > 20
