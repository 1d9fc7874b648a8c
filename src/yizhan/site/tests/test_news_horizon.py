"""Who is told what when: transactions that commit out of order or stay open, rows of another cluster, a turn that fails."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import OperationalError, connection

from yizhan.kernel import live
from yizhan.kernel.live import Cursor
from yizhan.kernel.testing.api import ApiClient
from yizhan.people.models import User
from yizhan.site import hub as hub_module
from yizhan.site.hub import Crowd, Hub, Listener
from yizhan.site.live import Pass

NEW = {"customer": "demo-a", "requester": {"name": "张倩"}, "subject": "打印机没粉了"}
LONG_AGO = 5  # a transaction before all that any cluster of ours has under way
ROW = """
INSERT INTO kernel_event (xact, at, type, version, customer_id, object_type, object_id, actor, internal, payload)
SELECT %s, now() - %s::interval, 'EngineerLeft', 1, t.customer_id, 'tickets.ticket', t.id, 'test', false, '{}'
FROM tickets_ticket t WHERE t.number = %s
"""


@pytest.fixture(params=["alone", "beside another's transaction"], autouse=True)
def neighbour(request: pytest.FixtureRequest, committed: str) -> Iterator[None]:
    """Another database of the cluster may have something open; it holds the horizon too."""
    if request.param == "alone":
        yield
        return
    with psycopg.connect(settings.YIZHAN.database_owner_url) as other:
        other.execute("SELECT pg_current_xact_id()")
        yield


@pytest.fixture
def number(neighbour: None) -> str:
    return str(ApiClient("desk").post("/tickets", NEW)["number"])


@pytest.fixture
def desk(number: str) -> Any:
    """Opens a page of the desk, from a cursor."""

    def opened(after: Cursor | None = None) -> Listener:
        user, session = User.objects.get(username="desk"), SessionStore()
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        return Listener(Pass(user.pk, session.session_key or "", session[HASH_SESSION_KEY]), after)

    return opened


def put(number: str, xact: int, age: str = "0") -> None:
    with connection.cursor() as cursor:
        cursor.execute(ROW, [xact, age, number])


def later(count: int) -> None:
    """So many transactions go by."""
    with connection.cursor() as cursor:
        for _ in range(count):
            cursor.execute("SELECT pg_current_xact_id()")


def parts(told: Any) -> list[str]:
    return [(part or b"end").decode() for _, part in told]


def about(number: str, told: Any) -> list[str]:
    return [part for part in parts(told) if number in part]


def test_one_long_transaction_keeps_nobodys_news_back(committed: str, desk: Any) -> None:
    hub, page = Hub(), desk()
    hub.turn([], [page], everybody=True)
    with psycopg.connect(committed) as importer:
        importer.execute("SELECT pg_current_xact_id()")
        made = ApiClient("desk").post("/tickets", NEW)["number"]
        heard = about(made, hub.turn([page], [], everybody=False)[0])
        assert heard
        assert not about(made, hub.turn([page], [], everybody=False)[0])  # once is enough
        marks = {part.split("\n")[0] for part in heard}
        assert marks == {f"id: {hub.position}"}  # a page that falls away now resumes below what is still open
        back = desk(Cursor.read(str(hub.position)))
        assert about(made, hub.turn([page], [back], everybody=False)[0]) == heard  # with the same numbers, by which it knows them
        late = importer.execute(
            "INSERT INTO kernel_event (at, type, version, customer_id, object_type, object_id, actor, internal, payload)"
            " SELECT now(), 'EngineerLeft', 1, customer_id, 'tickets.ticket', id, 'test', false, '{}'"
            " FROM tickets_ticket WHERE number = %s RETURNING id", [made],
        ).fetchone()  # fmt: skip
        importer.commit()
    assert late
    assert [f'"event": {late[0]}' in part for part in about(made, hub.turn([page], [], everybody=False)[0])] == [True]
    assert not about(made, hub.turn([page], [], everybody=False)[0])
    assert hub.position
    assert all(event.cursor > hub.position for event in hub.ahead.values())  # no more is kept than must be


def test_rows_of_another_cluster_are_no_news(number: str) -> None:
    """A restore brings transaction numbers that this cluster has yet to reach, and those that it has had."""
    here, told = live.horizon(), []
    assert "EngineerLeft" not in {event.type for event in live.read(here)[0]}
    put(number, here.xact + 5_000_000)
    put(number, here.xact + 30, "2 days")
    for _ in range(10):
        found, here, more = live.read(here)
        told += [event for event in found if event.type == "EngineerLeft"]
        assert not more
        later(5)
    assert told == []


def test_who_was_away_for_more_than_a_day_is_told_to_ask_anew(number: str, desk: Any) -> None:
    put(number, LONG_AGO + 1, "2 days")
    told = parts(Hub().turn([], [desk(Cursor(LONG_AGO, 0))], everybody=True)[0])
    assert ['"Reload"' in part for part in told].count(True) == 1
    assert '"Reload"' in told[0]


def test_a_turn_that_fails_leaves_everything_to_the_next(number: str, desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "MOST_MISSED", 3)
    away = Cursor(LONG_AGO, 0)
    for _ in range(10):
        put(number, LONG_AGO + 1)
    hub, page, real, faults = Hub(), desk(away), live.known, [OperationalError("server closed the connection")]

    def known(events: Any) -> Any:
        if faults and not events:  # the turn's own news, after those who come back were told
            raise faults.pop()
        return real(events)

    monkeypatch.setattr(live, "known", known)
    with pytest.raises(OperationalError):
        hub.turn([], [page], everybody=True)
    assert page.after == away
    assert any('"Reload"' in part for part in parts(hub.turn([], [page], everybody=True)[0]))


def test_the_crowd_forgets_who_left(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = Crowd()
    for count in range(5):
        crowd.hear({"number": f"INC{count}", "user": 1, "name": "x", "typing": False})
        crowd.hear({"number": f"INC{count}", "user": 1, "name": "x", "typing": False, "gone": True})
    assert crowd.seen == {}
    crowd.hear({"number": "INC1", "user": 1, "name": "x", "typing": False})
    monkeypatch.setattr(hub_module, "LOOKING", -1.0)  # and does not say that he leaves
    crowd.forget()
    assert crowd.seen == {}
