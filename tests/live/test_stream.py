"""Live news as it ships: the stream's own process, pages signed in through the form."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.live.page import Ear, SignedIn
from tests.program import Program

NEW = {"customer": "demo-a", "requester": {"name": "张倩", "phone": "13800005678"}, "subject": "实时消息"}
PASSWORD = "correct-horse-9"
MANY = """
WITH stored AS (
    INSERT INTO kernel_event (at, type, version, customer_id, object_type, object_id, actor, internal, payload)
    SELECT now(), 'EngineerLeft', 1, t.customer_id, 'tickets.ticket', t.id, 'test', false, '{}'
    FROM tickets_ticket t, generate_series(1, 250) WHERE t.number = %s RETURNING id, xact)
SELECT id, xact, pg_notify('yizhan_events', id::text) FROM stored
"""


def database_of(program: Program) -> str:
    """What the stream itself was told."""
    words = Path(f"/proc/{program.children()['stream']}/environ").read_bytes().split(b"\0")
    return next(word.decode().partition("=")[2] for word in words if word.startswith(b"YIZHAN_DATABASE_URL="))


def new_ticket(program: Program, **more: Any) -> str:
    status, made = program.api("desk", "POST", "/tickets", {**NEW, **more})
    assert status == 201, made
    return str(made["number"])


def say(program: Program, number: str, *, internal: bool, by: str = "desk") -> None:
    body = {"body": "内部" if internal else "您好", "internal": internal}
    assert program.api(by, "POST", f"/tickets/{number}/messages", body)[0] == 201


def new_person(program: Program, name: str, *roles: tuple[str, str]) -> list[int]:
    """An account with these roles for these customers; the assignments' ids."""
    body = {"username": name, "display_name": name, "password": PASSWORD}
    status, made = program.api("admin", "POST", "/users", body)
    assert status == 201, made
    found = []
    for role, customer in roles:
        status, made = program.api("admin", "POST", "/assignments", {"user": name, "role": role, "customer": customer})
        assert status == 201, made
        found.append(made["id"])
    return found


def test_a_requester_hears_of_no_internal_word(program: Program) -> None:
    number = new_ticket(program)
    requester, desk = Ear(SignedIn(program, "requester1").stream()), Ear(SignedIn(program, "desk").stream())
    say(program, number, internal=True)
    say(program, number, internal=False)
    assert [news["type"] for news in requester.until(number, "MessagePosted") if news["number"] == number] == ["MessagePosted"]
    heard = [news["type"] for news in desk.until(number, "MessagePosted") if news["number"] == number]
    assert heard == ["NotePosted", "MessagePosted"]


def test_one_of_ours_elsewhere_hears_as_the_customer_he_is_here(program: Program) -> None:
    new_person(program, "mixed", ("technician", "demo-b"), ("customer_contact", "demo-a"))
    ear, number = Ear(SignedIn(program, "mixed", PASSWORD).stream()), new_ticket(program)
    say(program, number, internal=True)
    say(program, number, internal=False)
    heard = [news["type"] for news in ear.until(number, "MessagePosted") if news["number"] == number]
    assert heard == ["TicketRegistered", "MessagePosted"]


def test_sign_out_ends_the_stream_and_its_pass(program: Program) -> None:
    browser = SignedIn(program, "engineer2")
    address = browser.stream()
    ear = Ear(address)
    assert ear.status == 200
    browser.send("/accounts/logout/")
    assert ear.ends()
    assert Ear(address).status == 403


@pytest.mark.parametrize("ending", ["password", "inactive"])
def test_what_ends_a_session_ends_the_stream(program: Program, ending: str) -> None:
    name = f"ends-{ending}"
    new_person(program, name, ("technician", "demo-a"))
    address = SignedIn(program, name, PASSWORD).stream()
    ear = Ear(address)
    change = {"password": "another-horse-7"} if ending == "password" else {"is_active": False}
    assert program.api("admin", "PATCH", f"/users/{name}", change)[0] == 200
    assert ear.ends()
    assert Ear(address).status == 403


def test_a_lost_role_is_silent_at_once(program: Program) -> None:
    """Of two customers one is taken away: the next word there is not heard, the next word elsewhere is."""
    first, _other = new_person(program, "loses", ("technician", "demo-a"), ("technician", "demo-b"))
    ear = Ear(SignedIn(program, "loses", PASSWORD).stream())
    theirs = new_ticket(program)
    there = new_ticket(program, customer="demo-b", requester={"name": "赵丽"})
    ear.until(there, "TicketRegistered")
    assert program.api("admin", "PATCH", f"/assignments/{first}", {"valid_until": "2020-01-01"})[0] == 200
    say(program, theirs, internal=False)
    say(program, there, internal=False)
    assert theirs not in {news["number"] for news in ear.until(there, "MessagePosted")}


def test_every_event_of_one_transaction_arrives(program: Program) -> None:
    """250 at once; a page that lost its connection in their midst gets the rest, and one that comes from an older page too."""
    number = new_ticket(program)
    address = SignedIn(program, "manager").stream()
    ear = Ear(address)
    before = ear.mark
    with psycopg.connect(database_of(program), autocommit=True) as direct:
        rows = direct.execute(MANY, [number]).fetchall()
    ids = [f"{xact}-{pk}" for pk, xact, _ in rows]
    assert len(set(ids)) == 250

    def rest(after: str) -> list[str]:
        say(program, number, internal=False)
        listening = Ear(address, after=after) if after else ear
        return [news["id"] for news in listening.until(number, "MessagePosted") if news["type"] == "EngineerLeft"]

    assert rest("") == ids
    assert rest(before) == ids
    assert rest(ids[99]) == ids[100:]
    transaction = int(ids[0].split("-")[0])
    assert rest(str(transaction - 1)) == ids  # what an older page remembers: the transaction only
    assert rest(str(transaction)) == []


def test_who_looks_at_a_ticket_is_told_to_its_staff_only(program: Program) -> None:
    number = new_ticket(program)
    desk, requester = SignedIn(program, "desk"), SignedIn(program, "requester1")
    looker = SignedIn(program, "engineer1")
    ears = Ear(desk.stream(), ticket=number), Ear(requester.stream(), ticket=number)
    looker.send(f"/tickets/{number}/presence/", page=f"/tickets/{number}/", typing="1")
    assert ears[0].until(number, "Presence")[-1]["people"] == [{"name": "陈立", "typing": True}]
    say(program, number, internal=False)
    assert "陈立" not in json.dumps(ears[1].until(number, "MessagePosted"), ensure_ascii=False)


@pytest.mark.parametrize("odd", ["%00", "%ED%A0%80", "INC%0A", "x" * 300])
def test_an_odd_ticket_number_ends_nobodys_news(program: Program, odd: str) -> None:
    address = SignedIn(program, "requester1").stream()
    assert Ear(address, ticket=odd).status == 200
    number, ear = new_ticket(program), Ear(SignedIn(program, "desk").stream())
    say(program, number, internal=False)
    assert ear.until(number, "MessagePosted")
