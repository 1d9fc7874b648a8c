# ruff: noqa: S608 - statements of whoever meddles
"""Each signature, rating and return visit is held against the audit row that tells how it was made."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from yizhan.kernel import audit, clock
from yizhan.kernel.actor import system_actor
from yizhan.kernel.testing.meddling import meddle
from yizhan.kernel.verification import verify
from yizhan.tickets import evidence
from yizhan.tickets.evidence import evidence_digest
from yizhan.tickets.models import Rating, ReturnVisit, ServiceSheet, SignOff, Ticket
from yizhan.tickets.services import closing
from yizhan.tickets.services.link_signing import LinkAnswer, answer_link
from yizhan.tickets.services.signing import Signature, closing_sheet, new_link, sign_ticket, waive_sign
from yizhan.tickets.tests.world import World

seal_older = import_module("yizhan.tickets.migrations.0014_older_evidence_sealed").seal_older
PLANTED = "no row of the audit tells how it was made: not by this program"
CHANGED = "does not fit its evidence digest: it was changed"
GONE = "the audit tells how it was made, it is gone"
EMPTIED = "its evidence digest is not the one that the audit names"
KINDS: dict[str, type[Any]] = {"sign-off": SignOff, "rating": Rating, "return visit": ReturnVisit}
CHANGES = [
    ("sign-off", "signer_name = '李四'"),
    ("sign-off", "ticket_id = (SELECT max(id) FROM tickets_ticket)"),
    ("rating", "score = 5"),
    ("rating", "comment = '很好'"),
    ("rating", "tags = '[1]'"),
    ("rating", "rated_at = rated_at + interval '1 microsecond'"),
    ("rating", "ticket_id = (SELECT max(id) FROM tickets_ticket)"),
    ("return visit", "solved = NOT solved"),
    ("return visit", "satisfied = NULL"),
    ("return visit", "comment = 'x'"),
    ("return visit", "self_made = NOT self_made"),
    ("return visit", "made_by_id = (SELECT min(id) FROM people_user)"),
]


def answered(world: World) -> Ticket:
    """Signed, rated and called again."""
    ticket = world.signed()
    closing.rate_ticket(actor=world.actor("requester1"), number=ticket.number, score=2, tags=["准时"], comment="一般")
    closing.record_return_visit(actor=world.actor("desk"), number=ticket.number, result="reached", satisfied=True, comment="好了")
    return ticket


def shown(sign_off: SignOff) -> bool:
    return "真实，未改动" in Client().get(f"/v/{sign_off.sheet.verify_token}/").content.decode()


def forged(ticket: Ticket, sheet: ServiceSheet, evidence: bool = True) -> SignOff:
    """As the daily role, which may add: a signature that nobody gave, with a digest of its own."""
    row = SignOff(
        ticket=ticket, sheet=sheet, method="account", signer_name="张倩", sheet_sha256=sheet.sha256, signed_at=clock.now(),
        address="192.0.2.9", agent="x",
    )  # fmt: skip
    row.evidence_sha256 = evidence_digest(row) if evidence else ""
    row.save(force_insert=True)
    return row


@pytest.mark.parametrize("evidence", [True, False])
def test_a_planted_signature_is_seen(evidence: bool, tickets: World) -> None:
    ticket = tickets.completed()
    row = forged(ticket, closing_sheet(ticket), evidence)
    assert verify().lines() == [f"{ticket.number}: sign-off {row.pk}: {PLANTED}"]
    assert not shown(row)


def test_a_planted_signature_with_a_planted_row_is_seen(tickets: World) -> None:
    """Who may add rows to the audit has no key for them."""
    ticket = tickets.completed()
    row = forged(ticket, closing_sheet(ticket))
    with psycopg.connect(**daily_role()) as server:
        server.execute(
            "INSERT INTO kernel_audit (at, actor, command, outcome, object_type, object_id, before, after, address, request_id,"
            " previous, digest, position, version) VALUES (now(), 'user:1', 'sign_sheet', 'done', 'tickets.signoff', %s, '{}',"
            " jsonb_build_object('evidence_sha256', %s::text, 'ticket_id', %s::bigint), '', '', '', 'x', 1, 2)",
            [row.pk, row.evidence_sha256, ticket.pk],
        )
    assert not verify().whole
    assert not shown(row)


def daily_role() -> dict[str, Any]:
    from django.db import connection

    given = connection.get_connection_params()
    return {name: given[name] for name in ("host", "port", "user", "password", "dbname") if name in given}


def test_a_signature_changed_with_its_digest_is_seen(tickets: World, committed: str) -> None:
    ticket = tickets.signed()
    row = SignOff.objects.get(ticket=ticket)
    row.signer_name = "李四"
    digest = evidence_digest(row)
    meddle(committed, f"UPDATE tickets_signoff SET signer_name = '李四', evidence_sha256 = '{digest}' WHERE id = {row.pk}")
    assert verify().lines() == [f"{ticket.number}: sign-off {row.pk}: {CHANGED}"]
    assert not shown(row)


def test_an_emptied_digest_is_seen(tickets: World, committed: str) -> None:
    ticket = tickets.signed()
    row = SignOff.objects.get(ticket=ticket)
    assert shown(row)
    meddle(committed, f"UPDATE tickets_signoff SET evidence_sha256 = '' WHERE id = {row.pk}")
    assert verify().lines() == [f"{ticket.number}: sign-off {row.pk}: {EMPTIED}"]
    assert not shown(row)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_taken_away_is_missed(kind: str, tickets: World, committed: str) -> None:
    ticket = answered(tickets)
    assert verify().lines() == []
    row = KINDS[kind].objects.get(ticket=ticket)
    meddle(committed, f"DELETE FROM {KINDS[kind]._meta.db_table} WHERE id = {row.pk}")
    assert verify().lines() == [f"{ticket.number}: {kind} {row.pk}: {GONE}"]


@pytest.mark.parametrize(("kind", "change"), CHANGES)
def test_what_was_changed_is_seen(kind: str, change: str, tickets: World, committed: str) -> None:
    ticket = answered(tickets)
    row = KINDS[kind].objects.get(ticket=ticket)
    tickets.new()
    meddle(committed, f"UPDATE {KINDS[kind]._meta.db_table} SET {change} WHERE id = {row.pk}")
    (line,) = verify().lines()
    assert line.endswith(f"{kind} {row.pk}: {CHANGED}")


def test_a_planted_rating_and_visit_are_seen(tickets: World) -> None:
    ticket = tickets.signed()
    rating = Rating.objects.create(ticket=ticket, contact=ticket.requester, score=5, rated_at=clock.now())
    visit = ReturnVisit.objects.create(ticket=ticket, result="reached", solved=True, satisfied=True, made_at=clock.now())
    assert set(verify().lines()) == {
        f"{ticket.number}: rating {rating.pk}: {PLANTED}",
        f"{ticket.number}: return visit {visit.pk}: {PLANTED}",
    }


def test_every_way_to_sign_names_what_it_kept(tickets: World) -> None:
    """With an account, drawn, by link, waived; after a reopening and again."""
    tickets.signed()
    drawn = tickets.completed()
    sign_ticket(
        actor=tickets.actor("engineer1"), number=drawn.number, signature=Signature("张倩", "drawn", [[[0, 1, 2], [1, 2, 3]]])
    )
    waived = tickets.completed()
    waive_sign(actor=tickets.actor("manager"), number=waived.number, reason="用户出差，电话确认" * 30)
    linked = tickets.completed()
    answer = LinkAnswer(True, Signature("张倩", "link", agent="x"), score=4, tags=["准时"], comment="谢谢" * 200)
    answer_link(token=new_link(linked, closing_sheet(linked)), answer=answer, address="192.0.2.3")
    refused = tickets.completed()
    no = LinkAnswer(False, Signature(method="link"), reason="还是不行", score=1)
    answer_link(token=new_link(refused, closing_sheet(refused)), answer=no, address="192.0.2.3")
    again = answered(tickets)
    closing.reopen_ticket(actor=tickets.actor("desk"), number=again.number, reason="又坏了")
    assert verify().lines() == []
    methods = set(SignOff.objects.filter(ticket__in=[drawn, waived, linked]).values_list("method", flat=True))
    assert methods == {"drawn", "waived", "link"}


def test_migrations_hold_what_they_need_themselves() -> None:
    """Tables, columns and SQL of the kernel at most: what an app does today is not what it did when they were written."""
    live = re.compile(r"^\s*(?:from|import) (yizhan\.(?:people|tickets|channels|site)(?!\.models)\S*)", re.MULTILINE)
    folder = Path(evidence.__file__).parents[1]
    found = {path.name: live.findall(path.read_text()) for path in folder.glob("*/migrations/*.py")}
    assert {name: modules for name, modules in found.items() if modules} == {}
    assert len(found) > 40


def of_before(ticket: Ticket) -> tuple[SignOff, Rating, ReturnVisit]:
    """As the program of before kept and audited them: no digest in the row, none in the audit."""
    actor, now, sheet = system_actor("test"), clock.now(), closing_sheet(ticket)
    sign_off = SignOff(
        ticket=ticket, sheet=sheet, method="drawn", signer_name="张倩", strokes=[[[1.5, 2, 3], [4, 5.0, 6]]],
        sheet_sha256=sheet.sha256, signed_at=now,
    )  # fmt: skip
    sign_off.save(force_insert=True)
    facts = {
        name: value for name, value in audit.snapshot(sign_off).items() if name not in {"evidence_sha256", "collected_by_id"}
    }
    audit.record(actor, "sign_sheet", sign_off, {}, {**facts, "strokes": 1})
    rating = Rating.objects.create(ticket=ticket, contact=ticket.requester, score=2, rated_at=now)
    audit.record(actor, "rate_ticket", rating, {}, {"score": 2, "comment": ""})
    visit = ReturnVisit.objects.create(ticket=ticket, result="reached", solved=True, satisfied=True, made_at=now)
    audit.record(actor, "record_return_visit", visit, {}, audit.snapshot(visit))
    return sign_off, rating, visit


def test_what_is_of_before_is_sealed_as_it_is(tickets: World, committed: str) -> None:
    ticket = tickets.completed()
    sign_off, rating, visit = of_before(ticket)
    assert len(verify().lines()) == 3
    assert seal_older(apps, connection) == 3
    assert verify().lines() == []
    assert shown(sign_off)
    assert seal_older(apps, connection) == 0
    meddle(
        committed,
        f"UPDATE tickets_signoff SET strokes = '[]' WHERE id = {sign_off.pk}",
        f"UPDATE tickets_rating SET score = 5 WHERE id = {rating.pk}",
        f"DELETE FROM tickets_returnvisit WHERE id = {visit.pk}",
    )
    assert set(verify().lines()) == {
        f"{ticket.number}: sign-off {sign_off.pk}: {CHANGED}",
        f"{ticket.number}: rating {rating.pk}: {CHANGED}",
        f"{ticket.number}: return visit {visit.pk}: {GONE}",
    }
    assert not shown(sign_off)


def test_the_upgrade_seals_nothing_that_the_audit_does_not_know(tickets: World, committed: str) -> None:
    planted, emptied = tickets.completed(), tickets.signed()
    forged(planted, closing_sheet(planted), evidence=False)
    meddle(committed, f"UPDATE tickets_signoff SET evidence_sha256 = '' WHERE ticket_id = {emptied.pk}")
    assert seal_older(apps, connection) == 0
    assert len(verify().lines()) == 2
