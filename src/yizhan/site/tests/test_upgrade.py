"""Data that exists survives every upgrade: the first landing's database, filled by its own program, brought up to date."""

import gzip
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections
from psycopg.conninfo import make_conninfo
from structlog.testing import capture_logs

from yizhan.kernel.actor import system_actor
from yizhan.site import postgres
from yizhan.site.backup import tool_environment
from yizhan.site.postgres import binaries

FIRST = Path(__file__).parents[4] / "tests/upgrade/first_landing.sql.gz"
NAME = "yizhan_upgrade"


@pytest.fixture
def first_landing(django_db_blocker: Any, django_db_setup: None) -> Iterator[str]:
    """A database as the first landing left it; Django speaks to it while the test lasts."""
    usual = settings.DATABASES["default"]["NAME"]
    own = settings.YIZHAN.database_owner_url
    with django_db_blocker.unblock():
        name = f"{NAME}_{usual}"[:60]
        with psycopg.connect(own, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            server.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        environment = {**tool_environment(own), "PGDATABASE": name}
        psql = [str(binaries() / "bin/psql"), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
        subprocess.run(psql, env=environment, input=gzip.decompress(FIRST.read_bytes()), check=True)
        kept = connections["default"]
        kept.close()
        replaced = kept.copy()
        replaced.settings_dict["NAME"] = name
        replaced.settings_dict["OPTIONS"] = {k: v for k, v in replaced.settings_dict["OPTIONS"].items() if k != "pool"}
        connections["default"] = replaced
        yield name
        replaced.close()
        connections["default"] = kept
        with psycopg.connect(own, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def test_the_first_landings_data_is_brought_up_to_date(first_landing: str) -> None:
    from yizhan.kernel.search import find
    from yizhan.people.access import actor_for
    from yizhan.people.models import User
    from yizhan.site.cli.django_setup import as_owner, migrate
    from yizhan.site.health import migrations_pending
    from yizhan.tickets.models import CannedReply, ReturnVisit, ServiceSheet, Ticket
    from yizhan.tickets.presenting import ticket_out
    from yizhan.tickets.services.affected import add_affected

    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*), max(number) FROM tickets_ticket")
        before = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM kernel_audit")
        audited = cursor.fetchone()
    assert before[0] >= 20
    assert migrations_pending()
    migrate()
    assert not migrations_pending()
    assert (Ticket.objects.count(), Ticket.objects.order_by("-number").values_list("number", flat=True)[0]) == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kernel_audit WHERE command <> 'seal_evidence'")
        assert cursor.fetchone() == audited
    assert ServiceSheet.objects.filter(signed=True).exists()
    assert CannedReply.objects.exists()
    answers = ReturnVisit.objects.exclude(satisfied=None).values_list("solved", "satisfied")
    assert {solved is satisfied for solved, satisfied in answers} == {True}
    desk = actor_for(User.objects.get(username="desk"))
    assert all(ticket_out(desk, ticket)["affected_count"] == 0 for ticket in Ticket.objects.all()[:5])
    opened = Ticket.objects.filter(state__in=["pending", "in_progress"], customer__code="demo-a").first()
    assert opened
    assert add_affected(actor=desk, number=opened.number, name="新来的").affected_count == 1
    assert find(desk, opened.number[-5:])


def test_the_chains_of_before_are_anchored_as_they_were(first_landing: str, settings: Any, tmp_path: Path) -> None:
    """Not one old row is rewritten; a change or a loss among them shows from the upgrade on, and the chains go on."""
    from yizhan.kernel.verification import verify
    from yizhan.site.cli.django_setup import as_owner, migrate
    from yizhan.tickets.models import Ticket
    from yizhan.tickets.services.messages import TicketChanges, edit_ticket

    settings.YIZHAN = replace(settings.YIZHAN, data_dir=tmp_path)
    whole_rows = "id::text || at || actor || before || after || previous || digest"
    old = "id <= (SELECT max(id) FROM kernel_audit WHERE command <> 'seal_evidence')"
    content = f"SELECT md5(string_agg({whole_rows}, '' ORDER BY id)) FROM kernel_audit WHERE {old}"  # noqa: S608
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(content)
        was = cursor.fetchone()
    migrate()
    with connection.cursor() as cursor:
        cursor.execute(content)
        assert cursor.fetchone() == was
    ticket = Ticket.objects.filter(state="pending").order_by("pk")[0]
    edit_ticket(actor=system_actor("test"), number=ticket.number, changes=TicketChanges(subject="改过的"))
    assert verify().lines() == []
    of = f"object_type = 'tickets.ticket' AND object_id = {ticket.pk} AND version = 1"
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"UPDATE kernel_audit SET actor = 'user:999' WHERE {of}")  # noqa: S608
    assert [(item.object_id, item.reason) for item in verify().broken] == [
        (ticket.pk, "rows of before the key were changed, added or taken away")
    ]


def test_evidence_of_before_is_sealed_by_the_upgrade(first_landing: str, settings: Any, tmp_path: Path) -> None:
    """Signatures, ratings and return visits whose audit rows name no digest: each gets a row that names it, and is held to it."""
    from yizhan.kernel.models import AuditEntry
    from yizhan.kernel.verification import verify
    from yizhan.site.cli.django_setup import as_owner, migrate
    from yizhan.tickets.models import Rating, ReturnVisit, SignOff

    settings.YIZHAN = replace(settings.YIZHAN, data_dir=tmp_path)
    migrate()
    for kept in (SignOff.objects.all(), Rating.objects.all(), ReturnVisit.objects.all()):
        sealed = AuditEntry.objects.filter(object_type=kept.model._meta.label_lower, command="seal_evidence")
        assert set(sealed.values_list("object_id", flat=True)) == set(kept.values_list("pk", flat=True))
        assert (sealed.count(), kept.count() > 3) == (kept.count(), True)
    assert set(SignOff.objects.values_list("evidence_sha256", flat=True)) == {""}
    assert verify().lines() == []
    drawn = SignOff.objects.filter(method="drawn").select_related("ticket")[0]
    gone = Rating.objects.select_related("ticket")[0]
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE tickets_signoff SET strokes = '[]' WHERE id = %s", [drawn.pk])
        cursor.execute("DELETE FROM tickets_rating WHERE id = %s", [gone.pk])
    assert verify().lines() == [
        f"{drawn.ticket.number}: sign-off {drawn.pk}: does not fit its evidence digest: it was changed",
        f"{gone.ticket.number}: rating {gone.pk}: the audit tells how it was made, it is gone",
    ]


TWINS = """
INSERT INTO people_user (username, display_name, password, email, phone, language, sort_key, is_active, is_staff, is_superuser,
                         date_joined)
SELECT name, 'x', '!', '', '', 'zh-hans', 'x', active, false, false, now()
FROM (VALUES ('DESK', true), ('desk-2', true), ('Desk', true), ('gone1', false), ('GONE1', true)) AS given (name, active);
INSERT INTO people_assignment (user_id, role, customer_id)
SELECT u.id, 'technician', c.id FROM people_user u, people_customer c WHERE u.username = 'DESK' AND c.code = 'demo-a';
INSERT INTO channels_mailbox (name, address, imap_url, smtp_url, sealed_password, customer_id, active, uid_validity, last_uid,
                              error)
SELECT given.name, address, 'imaps://x', '', '', c.id, given.active, 0, 7, ''
FROM (VALUES ('first', 'it@twin.example', true, 'demo-a'), ('second', 'IT@twin.example', true, 'demo-b'),
             ('third', 'It@twin.example', false, 'demo-a')) AS given (name, address, active, customer)
JOIN people_customer c ON c.code = given.customer ORDER BY given.name
"""


def test_accounts_and_mailboxes_that_differ_in_case_only_are_parted(first_landing: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is lost: the one in use keeps its name, the older of two; the others get a number and are named in the log."""
    from yizhan.channels.models import Mailbox
    from yizhan.people.models import Assignment, User
    from yizhan.site.cli.django_setup import as_owner, migrate

    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM people_user WHERE username = 'desk'")
        (desk,) = cursor.fetchone()
        cursor.execute(TWINS)
        cursor.execute("SELECT username, id FROM people_user")
        before = dict(cursor.fetchall())
    with capture_logs() as said:
        migrate()
    after = {pk: name for name, pk in User.objects.values_list("username", "pk")}
    renamed = {name: after[pk] for name, pk in before.items() if after[pk] != name}
    assert renamed == {"DESK": "DESK-3", "Desk": "Desk-4", "gone1": "gone1-2"}
    assert (after[desk], len(after)) == ("desk", len(before))
    assert Assignment.objects.filter(user=before["DESK"], role="technician", customer__code="demo-a").exists()
    twins = Mailbox.objects.filter(imap_url="imaps://x").order_by("pk")
    assert list(twins.values_list("name", "address", "active", "last_uid")) == [
        ("first", "it@twin.example", True, 7),
        ("second", "IT+2@twin.example", False, 7),
        ("third", "It+3@twin.example", False, 7),
    ]
    assert [box.error for box in twins] == [
        "",
        "升级时已停用：“first”已在读取 IT@twin.example。",
        "升级时已停用：“first”已在读取 It@twin.example。",
    ]
    told = {(line["event"], line["was"], line["now"]) for line in said if line["event"] in {"account_renamed", "mailbox_stopped"}}
    assert told == {
        *(("account_renamed", was, now) for was, now in renamed.items()),
        ("mailbox_stopped", "IT@twin.example", "IT+2@twin.example"),
        ("mailbox_stopped", "It@twin.example", "It+3@twin.example"),
    }


def test_the_one_superuser_of_before_becomes_two_roles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster as earlier versions made it; what they wrote is the owner's, and the second start changes nothing."""
    cluster = postgres.Cluster(tmp_path)
    with monkeypatch.context() as earlier:
        earlier.setattr(postgres, "OWNER", postgres.DAILY)
        cluster.prepare()
        earlier.setattr(postgres, "prepare_roles", lambda cluster: psycopg.connect(was(cluster, "postgres")).close())
        cluster.start()
        with psycopg.connect(was(cluster, "postgres"), autocommit=True) as server:
            server.execute("CREATE DATABASE yizhan")
        with psycopg.connect(was(cluster, "yizhan")) as server:
            server.execute("CREATE TABLE kept AS SELECT 42 AS value")
        cluster.stop()
    for _ in range(2):
        cluster.start()
        try:
            daily, owner = cluster.addresses
            with psycopg.connect(owner) as server:
                assert server.execute("SELECT value FROM kept").fetchone() == (42,)
                found = server.execute(
                    "SELECT rolname, rolsuper FROM pg_roles WHERE rolname LIKE 'yizhan%' ORDER BY 1"
                ).fetchall()
                assert found == [("yizhan", False), ("yizhan_owner", True)]
            with psycopg.connect(daily) as server, pytest.raises(psycopg.errors.InsufficientPrivilege):
                server.execute("SELECT value FROM kept")
        finally:
            cluster.stop()


def was(cluster: postgres.Cluster, database: str) -> str:
    """How earlier versions reached the server."""
    return make_conninfo(host=str(cluster.sockets), user="yizhan", password=cluster.secret("pg.password"), dbname=database)
