"""Data that exists survives every upgrade: the first landing's database, filled by its own program, brought up to date."""

import gzip
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections

from yizhan.site.backup import tool_environment
from yizhan.site.postgres import binaries

FIRST = Path(__file__).parents[4] / "tests/upgrade/first_landing.sql.gz"
NAME = "yizhan_upgrade"


@pytest.fixture
def first_landing(django_db_blocker: Any, django_db_setup: None) -> Iterator[str]:
    """A database as the first landing left it; Django speaks to it while the test lasts."""
    usual = settings.DATABASES["default"]["NAME"]
    own = settings.YIZHAN.database_url
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
    from yizhan.site.cli.django_setup import migrate
    from yizhan.site.health import migrations_pending
    from yizhan.tickets.models import CannedReply, ReturnVisit, ServiceSheet, Ticket
    from yizhan.tickets.presenting import ticket_out
    from yizhan.tickets.services.affected import add_affected

    with connection.cursor() as cursor:
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
        cursor.execute("SELECT count(*) FROM kernel_audit")
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
