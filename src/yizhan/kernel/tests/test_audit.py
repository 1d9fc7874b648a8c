# ruff: noqa: S608 - statements of whoever meddles
"""The audit proves that it is whole, against whoever can write in the database; refusals outlive rollbacks."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.db import DatabaseError, connection, connections, transaction

from yizhan.kernel import audit, clock, partitions
from yizhan.kernel.actor import Actor, system_actor
from yizhan.kernel.chains import canonical, settled
from yizhan.kernel.checks import begin_outside_anew, last_check, last_outside
from yizhan.kernel.commands import command
from yizhan.kernel.errors import Forbidden
from yizhan.kernel.models import AuditCheck, AuditEntry, AuditHead
from yizhan.kernel.testing.meddling import meddle
from yizhan.kernel.verification import SETTLING, Verdict, verify
from yizhan.people.models import Customer

CLOSED = ("kernel_audit", "kernel_audittext", "kernel_auditcheck", "kernel_event", "channels_raw")
SYSTEM = system_actor("test")


@pytest.fixture
def people(people: Callable[[str], Actor]) -> Callable[[str], Actor]:
    assert verify().whole
    return people


def chain_of(ticket: Any) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(object_type="tickets.ticket", object_id=ticket.pk).order_by("id"))


def only(verdict: Verdict) -> Any:
    assert len(verdict.broken) == 1, verdict.lines()
    return verdict.broken[0]


COLUMNS = {
    "actor": "'user:1'", "command": "'x'", "outcome": "'refused'", "before": """'{"a": 1}'""", "after": "'{}'",
    "address": "'192.0.2.99'", "request_id": "'x'", "at": "at + interval '1 microsecond'", "previous": "'x'", "digest": "'x'",
    "position": "7",
}  # fmt: skip


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_column_is_found_at_its_row(column: str, tickets: Any, committed: str) -> None:
    ticket = tickets.judged()
    assert verify().whole
    victim = chain_of(ticket)[1]
    meddle(committed, f"UPDATE kernel_audit SET {column} = {COLUMNS[column]} WHERE id = {victim.id}")
    found = only(verify())
    assert (found.object_type, found.object_id, found.row) == ("tickets.ticket", ticket.pk, victim.id)


@pytest.mark.parametrize("which", [0, 1, -1])
def test_a_row_taken_away_is_missed(which: int, tickets: Any, committed: str) -> None:
    ticket = tickets.judged()
    rows = chain_of(ticket)
    meddle(committed, f"DELETE FROM kernel_audit WHERE id = {rows[which].id}")
    found = only(verify())
    assert found.object_id == ticket.pk
    assert found.row == (0 if which == -1 else rows[which + 1].id)


def test_a_head_that_was_put_back_or_made_up_is_found(tickets: Any, committed: str) -> None:
    first, second, third = (tickets.judged() for _ in range(3))
    last = chain_of(first)[-1]
    meddle(
        committed,
        f"DELETE FROM kernel_audit WHERE id = {last.id}",
        f"UPDATE kernel_audithead SET count = count - 1, digest = '{last.previous}' WHERE object_type = 'tickets.ticket' "
        f"AND object_id = {first.pk}",
        f"DELETE FROM kernel_audithead WHERE object_type = 'tickets.ticket' AND object_id = {second.pk}",
        f"DELETE FROM kernel_audit WHERE object_type = 'tickets.ticket' AND object_id = {third.pk}",
    )
    assert {item.object_id for item in verify().broken} == {first.pk, second.pk, third.pk}


def test_a_chain_that_is_gone_with_its_head_contradicts_the_checks_before(tickets: Any, committed: str) -> None:
    ticket = tickets.judged()
    with clock.at(clock.now() - 2 * SETTLING):
        assert verify().whole
    assert verify().whole  # now at rest
    of = f"WHERE object_type = 'tickets.ticket' AND object_id = {ticket.pk}"
    meddle(committed, f"DELETE FROM kernel_audit {of}", f"DELETE FROM kernel_audithead {of}")
    tickets.judged()
    verdict = verify()
    assert not verdict.broken
    assert "at rest" in verdict.problems[0]


def test_an_older_database_in_place_of_the_present_one_is_found(tickets: Any, committed: str, settings: Any) -> None:
    tickets.judged()
    assert verify().whole
    last = AuditCheck.objects.latest("id")
    meddle(committed, f"DELETE FROM kernel_auditcheck WHERE id = {last.pk}")
    assert "older database" in verify().problems[0]
    assert oct((settings.YIZHAN.data_dir / "audit.seals").stat().st_mode)[-3:] == "600"


PLANTED = {
    "a copy": "SELECT {id}, at, rows, chains, broken, report, upto, rest_upto, rest_rows, rest_sum, previous, seal",
    "one that follows": "SELECT {id}, at + interval '1 day', rows, chains, 0, report, upto, rest_upto, rest_rows, rest_sum, "
    "seal, repeat('a', 64)",
    "one out of time": "SELECT {id}, 'infinity', rows, chains, 0, report, upto, rest_upto, rest_rows, rest_sum, seal, seal",
    "one that no reader takes": "SELECT {id}, at, rows, chains, 0, ('[' || repeat('1', 5000) || ']')::jsonb, upto, rest_upto, "
    "rest_rows, rest_sum, seal, 'x'",
}


def daily(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()


@pytest.mark.parametrize("kind", PLANTED)
def test_after_a_restore_the_checks_outside_begin_with_the_last_that_is_ours(kind: str, tickets: Any, committed: str) -> None:
    """Whatever was planted behind it came back too: the restored installation finds no older database in its place."""
    tickets.judged()
    assert verify().whole
    last = AuditCheck.objects.latest("at")
    chosen = PLANTED[kind].format(id="(SELECT max(id) + 1 FROM kernel_auditcheck)")
    (planted,) = daily(f"INSERT INTO kernel_auditcheck {chosen} FROM kernel_auditcheck WHERE id = {last.pk} RETURNING id")
    begin_outside_anew()
    assert last_outside() == last.seal
    meddle(committed, f"DELETE FROM kernel_auditcheck WHERE id = {planted}")
    assert verify().problems == []


@pytest.mark.parametrize("kind", PLANTED)
@pytest.mark.parametrize("place", ["max(id) + 1", "max(id) + 100", "least(min(id), 0) - 1"])
def test_a_planted_check_is_told_and_nothing_follows_it(kind: str, place: str, tickets: Any, committed: str, client: Any) -> None:
    """As the daily role, which may add rows: the check is made and kept all the same, behind the last that is ours."""
    tickets.judged()
    assert verify().whole
    last = AuditCheck.objects.latest("at")
    chosen = PLANTED[kind].format(id=f"(SELECT {place} FROM kernel_auditcheck)")
    (planted,) = daily(f"INSERT INTO kernel_auditcheck {chosen} FROM kernel_auditcheck WHERE id = {last.pk} RETURNING id")
    strange = last.pk if (kind, planted < 0) == ("a copy", True) else planted
    told = f"check {strange} of the audit is not ours: planted, changed or copied"
    assert verify().problems == [told]
    kept = AuditCheck.objects.filter(previous=last.seal, broken=1).get()
    assert kept.report == [told]
    assert last_check() == kept
    assert "yizhan_audit_broken 1.0" in client.get("/metrics").content.decode()
    meddle(committed, f"DELETE FROM kernel_auditcheck WHERE id = {planted}")
    assert verify().whole
    assert "yizhan_audit_broken 0.0" in client.get("/metrics").content.decode()


def test_a_check_taken_away_or_changed_is_missed(people: Any, committed: str) -> None:
    for _ in range(3):
        assert verify().whole
    second, first = AuditCheck.objects.order_by("-id")[1:3]
    meddle(committed, f"UPDATE kernel_auditcheck SET rows = rows + 1 WHERE id = {second.pk}")
    assert [words.split(":")[0] for words in verify().problems] == [
        f"check {second.pk} of the audit is not ours", "a check of the audit is missing between those that are there",
    ]  # fmt: skip
    meddle(committed, f"DELETE FROM kernel_auditcheck WHERE id IN ({first.pk}, {second.pk})")
    assert verify().problems == ["a check of the audit is missing between those that are there"]


@pytest.mark.parametrize(
    ("at", "after"), [("'infinity'", "'{}'"), ("now()", "('[' || repeat('1', 5000) || ']')::jsonb")], ids=["time", "number"]
)
def test_a_row_that_no_reader_takes_is_told(at: str, after: str, tickets: Any) -> None:
    ticket = tickets.judged()
    last = chain_of(ticket)[-1]
    columns = "actor, command, outcome, object_type, object_id, before"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO kernel_audit (at, {columns}, after, address, request_id, previous, digest, position, version) "
            f"SELECT {at}, {columns}, {after}, '', '', digest, 'x', position + 1, 2 FROM kernel_audit WHERE id = {last.id}"
        )
    (words,) = verify().problems
    assert words.startswith("something cannot even be read")
    assert AuditCheck.objects.latest("at").report == [words]


def test_forged_rows_and_another_key(tickets: Any, committed: str, settings: Any) -> None:
    ticket = tickets.judged()
    copied = "at, actor, 'archive_ticket', outcome, object_type, object_id, before, after, address, request_id"
    meddle(
        committed,
        f"INSERT INTO kernel_audit (at, actor, command, outcome, object_type, object_id, before, after, address, request_id, "
        f"previous, digest, position, version) SELECT {copied}, digest, digest, position + 1, 2 FROM kernel_audit "
        f"WHERE id = {chain_of(ticket)[-1].id}",
    )
    assert only(verify()).row == chain_of(ticket)[-1].id
    settings.AUDIT_KEY = "another key of more than thirty-two characters"
    verdict = verify()
    assert not verdict.broken
    assert "another key" in verdict.problems[0]


def test_long_texts_are_looked_at_and_may_be_blanked(tickets: Any, committed: str) -> None:
    text = audit.long_text("长" * 300).removeprefix("#")
    with psycopg.connect(committed) as server:
        server.execute("UPDATE kernel_audittext SET text = '' WHERE digest = %s", [text])
    assert verify().whole
    meddle(committed, f"UPDATE kernel_audittext SET text = 'other' WHERE digest = '{text}'")
    assert verify().problems == [f"audit text {text}: changed"]


def test_the_digest_does_not_depend_on_the_clocks_zone(tickets: Any) -> None:
    with clock.at(clock.now().astimezone(ZoneInfo("Asia/Shanghai"))):
        tickets.new()
    assert verify().whole


@pytest.mark.parametrize("value", [1.0, 1e16, 1.5e300, 1e-7, -0.0, {2: 1, 10: [2.0]}, (1, 2), '\u2028"', 10**30, None, True])
def test_what_json_columns_give_back_has_the_same_digest(value: Any, people: Any) -> None:
    audit.write(SYSTEM, "test", "done", "test.thing", 1, {}, {"value": value})
    assert verify().whole
    assert settled(value) == settled(settled(value))
    assert canonical(settled({"value": value}))


def test_two_commands_at_once_do_not_fork_a_chain(people: Any) -> None:
    """Of one object that has a chain, of one that has none yet, and of many in whatever order."""
    customers = list(Customer.objects.order_by("pk"))
    gate = threading.Barrier(8)

    def work(number: int) -> None:
        gate.wait()
        for turn in range(10):
            some = customers if (number + turn) % 2 else customers[::-1]
            with transaction.atomic():
                audit.record_many(SYSTEM, [("many", customer, {"n": turn}, {"n": number}) for customer in some])
            audit.record(SYSTEM, "one", customers[0], {"n": 1}, {"n": 2})
            audit.write(SYSTEM, "none", "done", "test.thing", 9, {}, {})
        connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert verify().whole
    assert AuditHead.objects.get(object_type="people.customer", object_id=customers[0].pk).count == 160
    assert AuditHead.objects.get(object_type="test.thing", object_id=9).count == 80


def test_a_look_while_people_work_says_whole(tickets: Any) -> None:
    ended = threading.Event()

    def work(number: int) -> None:
        while not ended.is_set():
            audit.write(SYSTEM, "work", "done", "test.thing", number % 3, {}, {})
        connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(work, number) for number in range(4)]
        found = [verify() for _ in range(5)]
        ended.set()
        [worker.result() for worker in workers]
    assert [verdict.lines() for verdict in found] == [[]] * 5
    assert found[-1].rows > found[0].rows


@command
def refuse(*, actor: Actor) -> None:
    AuditHead.objects.filter(object_type="").exists()
    raise Forbidden


def test_a_refusal_outlives_the_transaction_that_its_caller_holds(people: Any) -> None:
    actor = people("requester1")
    for _ in range(2):
        with pytest.raises(Forbidden), transaction.atomic():
            refuse(actor=actor)
    with pytest.raises(Forbidden):
        refuse(actor=actor)
    rows = AuditEntry.objects.filter(outcome="refused", command="refuse", actor=actor.label).order_by("id")
    first = rows[0].position  # refusals of other tests outlive these too
    assert [row.position for row in rows] == [first, first + 1, first + 2]
    assert verify().whole


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "k1"}])
def test_a_refused_request_is_audited_once(key: dict[str, str], people: Any, client: Any) -> None:
    from yizhan.people.services.accounts import create_token

    token = create_token(actor=SYSTEM, username="requester1", days=1)
    given = {"Authorization": f"Bearer {token}", **key}
    before = AuditEntry.objects.filter(outcome="refused").count()  # refusals of other tests outlive these
    answer = client.post("/api/v1/customers", {"code": "x", "name": "x"}, content_type="application/json", headers=given)
    assert answer.status_code == 403
    assert client.get("/api/v1/customers", headers=given).status_code in {200, 403}
    assert AuditEntry.objects.filter(outcome="refused").count() == before + 1


@pytest.mark.parametrize("table", CLOSED)
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {0} SET at = now()", "DELETE FROM {0}", "TRUNCATE {0}", "ALTER TABLE {0} DISABLE TRIGGER ALL", "DROP TABLE {0}"],
)
def test_the_daily_role_changes_no_history(statement: str, table: str, db: None) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


@pytest.mark.parametrize("table", CLOSED)
@pytest.mark.parametrize("statement", ["UPDATE {0} SET at = now()", "DELETE FROM {0}", "TRUNCATE {0}"])
def test_nor_does_its_owner_by_mistake(statement: str, table: str, tickets: Any, committed: str) -> None:
    tickets.judged()
    audit.long_text("长" * 300)
    with psycopg.connect(committed) as server:
        server.execute("INSERT INTO channels_raw (at, content) VALUES (now(), 'x')")
        if (table, statement.split(maxsplit=1)[0]) == ("channels_raw", "DELETE"):
            return  # a whole message may go when its time is over
        with pytest.raises(psycopg.IntegrityError, match="only grows"):
            server.execute(statement.format(table))


def test_the_daily_role_is_no_superuser_and_owns_nothing(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == ("yizhan", False, False, False)
        cursor.execute("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole")
        assert cursor.fetchone() == (0,)
    for statement in (
        "SET session_replication_role = replica",
        "CREATE TABLE public.x (a int)",
        "DELETE FROM kernel_audithead",
        "CREATE TEMP TABLE kernel_audit (a int)",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_it_makes_the_months_that_come_and_nothing_else(db: None) -> None:
    with clock.at(clock.now() + timedelta(days=200)):
        partitions.ensure_partitions()
        name = f"kernel_audit_{clock.now():%Y%m}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL, has_table_privilege(%s, 'UPDATE, DELETE, TRUNCATE')", [name, name])
        assert cursor.fetchone() == (True, False)
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal ORDER BY 1", [name])
        assert [row[0] for row in cursor.fetchall()] == ["kernel_audit_no_change", "no_truncate"]
    for parent, month in (("people_user", "2026-11-01"), ("kernel_audit", "1900-01-01"), ("kernel_audit", "2026-11-02")):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT kernel_month_partition(%s, %s::date)", [parent, month])
