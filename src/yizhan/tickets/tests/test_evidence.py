# ruff: noqa: S608 - statements of whoever meddles
"""What people signed, rated, answered and wrote: closed to the daily role, proved whole by every verification."""

from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from yizhan.kernel.models import AuditCheck
from yizhan.kernel.verification import verify
from yizhan.people.models import User
from yizhan.site.cli.audit import verify_all
from yizhan.tickets.evidence import evidence_digest
from yizhan.tickets.models import Message, Rating, ReturnVisit, SignOff, Ticket
from yizhan.tickets.services import closing, messages
from yizhan.tickets.services.signing import Signature, sign_ticket
from yizhan.tickets.tests.world import World

TABLES = ("tickets_signoff", "tickets_rating", "tickets_returnvisit", "tickets_message")
CHANGES = {
    "tickets_signoff": (
        "signer_name = '李四'",
        "strokes = '[]'",
        "signed_at = now()",
        "evidence_sha256 = ''",
        "sheet_sha256 = 'x'",
    ),
    "tickets_rating": ("score = 5", "comment = 'x'", "contact_id = contact_id"),
    "tickets_returnvisit": ("solved = true", "comment = 'x'", "self_made = false"),
    "tickets_message": ("body = 'x'", "internal = true", "created_at = now()"),
}
STROKES = [[[-0.0, 1e-7, 0], [123456.75, 3, 17]]]


def spoken(world: Any) -> Ticket:
    """A ticket with a signature, a rating, a return visit and a public message."""
    ticket: Ticket = world.ready()
    messages.post_message(actor=world.actor("desk"), number=ticket.number, message=messages.NewMessage("您好"))
    return ticket


def drawn(world: World) -> SignOff:
    ticket = world.completed()
    sign_ticket(actor=world.actor("engineer1"), number=ticket.number, signature=Signature("张倩", "drawn", STROKES))
    return SignOff.objects.get(ticket=ticket)


def meddle(owner: str, statement: str) -> None:
    """As the owner of the tables, who can switch their triggers off."""
    with psycopg.connect(owner) as server:
        server.execute("SET session_replication_role = replica")
        server.execute(statement)


@pytest.mark.parametrize("table", TABLES)
def test_the_daily_role_changes_no_evidence(table: str, world: Any) -> None:
    spoken(world)
    statements = [*(f"UPDATE {table} SET {change}" for change in CHANGES[table]), f"DELETE FROM {table}", f"TRUNCATE {table}"]
    for statement in statements:
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize("table", TABLES)
def test_nor_does_its_owner_by_mistake(table: str, tickets: World, committed: str) -> None:
    spoken(tickets)
    for statement in [
        *(f"UPDATE {table} SET {change}" for change in CHANGES[table]),
        f"DELETE FROM {table}",
        f"TRUNCATE {table}",
    ]:
        with psycopg.connect(committed) as server, pytest.raises(psycopg.IntegrityError, match="only grows"):
            server.execute(statement)


def test_a_signature_comes_to_speak_of_the_past_and_never_back(world: Any) -> None:
    ticket = world.signed()
    SignOff.objects.filter(ticket=ticket).update(valid=False)
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        SignOff.objects.filter(ticket=ticket).update(valid=True)


def test_what_people_do_afterwards_goes_on(world: Any) -> None:
    """Reopened, worked on and signed again: the first signature stays as it was, and speaks of the past."""
    ticket = world.signed()
    closing.rate_ticket(actor=world.actor("requester1"), number=ticket.number, score=2)
    closing.reopen_ticket(actor=world.actor("desk"), number=ticket.number, reason="还是不行")
    first = SignOff.objects.get(ticket=ticket)
    assert not first.valid
    assert first.evidence_sha256 == evidence_digest(first)
    messages.post_message(actor=world.actor("requester1"), number=ticket.number, message=messages.NewMessage("又脱机了"))
    assert (Rating.objects.get(ticket=ticket).score, Message.objects.filter(ticket=ticket).count()) == (2, 1)
    archived = world.archived()
    assert ReturnVisit.objects.filter(ticket=archived).count() == 1


@pytest.mark.parametrize(
    "change", ["signer_name = '李四'", "collected_by_id = NULL", "strokes = '[]'", "address = '198.51.100.1'"]
)
def test_evidence_that_was_changed_is_seen(change: str, tickets: World, committed: str, client: Any) -> None:
    row = drawn(tickets)
    other = tickets.signed()
    client.force_login(User.objects.get(username="desk"), backend="allauth.account.auth_backends.AuthenticationBackend")
    seen = f"/v/{row.sheet.verify_token}/"
    assert "真实，未改动" in client.get(seen).content.decode()
    assert verify().lines() == []
    meddle(committed, f"UPDATE tickets_signoff SET {change} WHERE id = {row.pk}")
    assert "真实，未改动" not in client.get(seen).content.decode()
    verdict = verify()
    assert verdict.lines() == [f"{row.ticket.number}: sign-off {row.pk}: does not fit its evidence digest: it was changed"]
    assert other.number not in str(verdict.lines())
    last = AuditCheck.objects.latest("pk")
    assert (last.broken, last.report) == (1, verdict.lines())
    assert "yizhan_audit_broken 1.0" in client.get("/metrics").content.decode()


def test_the_command_names_the_ticket_and_ends_with_1(tickets: World, committed: str, capsys: Any) -> None:
    row = drawn(tickets)
    assert verify_all() == 0
    meddle(committed, f"UPDATE tickets_signoff SET agent = 'x' WHERE id = {row.pk}")
    assert verify_all() == 1
    assert row.ticket.number in capsys.readouterr().err


def test_a_signature_on_behalf_is_whole(tickets: World) -> None:
    ticket = tickets.completed()
    whom = {"name": "许静", "relation": "同事", "reason": "出差"}
    given = Signature("张倩", "drawn", STROKES, on_behalf=whom)
    sign_ticket(actor=tickets.actor("engineer1"), number=ticket.number, signature=given)
    assert verify().lines() == []
