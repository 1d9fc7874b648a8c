"""Calls by the signed webhook: verified before parsed, once, in any order; missed ones called back; the pop-up's event."""

import json
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yizhan.channels.drivers.phone import signature
from yizhan.channels.models import Call, CallNews, RawPayload
from yizhan.channels.services.phone import add_phone_line
from yizhan.kernel import clock
from yizhan.kernel.actor import system_actor
from yizhan.kernel.models import StoredEvent
from yizhan.people.models import Contact
from yizhan.tickets.models import Ticket

YESTERDAY = f"{clock.now() - timedelta(days=1):%Y-%m-%d}"


@pytest.fixture
def line(db: None) -> str:
    return add_phone_line(actor=system_actor("test"), name="hotline")


def send(secret: str, body: Any, *, age: int = 0, sign: str = "", name: str = "hotline") -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    stamp = str(int(clock.now().timestamp()) - age)
    headers = {"X-Yizhan-Timestamp": stamp, "X-Yizhan-Signature": sign or signature(secret, stamp, raw)}
    return Client().post(f"/hooks/phone/{name}/", raw, content_type="application/json", headers=headers)


def news(event: str, **more: Any) -> dict[str, Any]:
    return {"id": "c-1", "event": event, "from": "138-0000-5678", "to": "4008001234", "agent": "desk", **more}


@pytest.mark.parametrize("name", ["id", "agent", "recording", "from"])
def test_half_a_character_becomes_a_question_mark(line: str, name: str) -> None:
    """Some switchboards cut a name within a character; the call is kept all the same, once."""
    raw = json.dumps(news("ringing", **{name: "https://\ud800"})).encode()
    assert [send(line, raw).status_code for _ in range(2)] == [202, 202]
    assert Call.objects.count() == 1


def test_a_call_from_ringing_to_the_ticket(line: str, page: Any) -> None:  # S2 S3
    assert send(line, news("ringing", at=f"{YESTERDAY}T09:00:00+08:00")).status_code == 202
    call = Call.objects.get()
    assert (call.state, call.contact and call.contact.name, call.agent and call.agent.username) == ("ringing", "张倩", "desk")
    event = StoredEvent.objects.get(type="CallRinging")
    assert event.payload == {"agent": call.agent_id}
    assert "张倩" in page("desk").get(f"/calls/{call.pk}/card/").content.decode()
    send(line, news("answered", at=f"{YESTERDAY}T09:00:10+08:00"))
    send(line, news("ended", at=f"{YESTERDAY}T09:02:40+08:00", recording="https://cc.example/r/1"))
    call.refresh_from_db()
    assert (call.state, call.seconds) == ("ended", 150)
    form = {
        "requester": call.contact_id,
        "subject": "电话报修",
        "channel": "phone",
        "level": "3",
        "call": call.pk,
        "then": "queue",
    }
    assert page("desk").post("/desk/", form).status_code == 302
    call.refresh_from_db()
    assert call.ticket == Ticket.objects.get()
    assert "2:30" in page("desk").get("/calls/?view=all").content.decode()


def test_a_missed_call_waits_until_it_is_called_back(line: str, page: Any) -> None:
    send(line, news("ringing"))
    send(line, news("missed"))
    call = Call.objects.get()
    assert call.waits
    assert "张倩" in page("desk").get("/calls/").content.decode()
    assert page("auditor").post(f"/calls/{call.pk}/back/").status_code == 403
    page("desk").post(f"/calls/{call.pk}/back/", {"note": "已回，自己好了"})
    assert not Call.objects.get().waits
    assert page("desk").post(f"/calls/{call.pk}/back/").status_code == 409


def test_stages_out_of_order_and_twice(line: str) -> None:
    for stage in ("ended", "answered", "ringing", "answered"):
        assert (
            send(line, news(stage, at=f"{YESTERDAY}T09:0{['ringing', 'answered', 'ended'].index(stage)}:00+08:00")).status_code
            == 202
        )
    call = Call.objects.get()
    assert (call.state, call.seconds) == ("ended", 60)
    assert CallNews.objects.count() == 3  # the repeated one counts once
    assert RawPayload.objects.count() == 3


def test_nothing_unsigned_old_or_foreign_is_read(line: str) -> None:
    assert send("wrong", news("ringing")).status_code == 403
    assert send(line, news("ringing"), age=301).status_code == 403
    assert send(line, news("ringing"), age=-301).status_code == 403
    assert send(line, news("ringing"), sign="sha256=").status_code == 403
    assert send(line, news("ringing"), name="other").status_code == 404
    assert (Call.objects.count(), CallNews.objects.count(), RawPayload.objects.count()) == (0, 0, 0)
    assert send(line, b"x" * 20_000).status_code == 413


UNCLEAR = [b"", b"[]", b"nonsense", {"id": "", "event": "ringing"}, {"id": "1", "event": "x"}, news("ringing", at="gestern")]
FIELDS = st.sampled_from(["id", "event", "from", "to", "agent", "at", "direction", "recording"])
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
BODIES = st.recursive(LEAVES, lambda x: st.lists(x, max_size=3) | st.dictionaries(FIELDS, x, max_size=8), max_leaves=12)


@pytest.mark.parametrize("body", UNCLEAR)
def test_what_is_not_understood_is_kept(body: Any, line: str) -> None:
    assert send(line, body).status_code == 422
    assert CallNews.objects.get().reason
    assert RawPayload.objects.count() == 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BODIES)
def test_any_signed_json_is_answered_politely(line: str, body: Any) -> None:
    assert send(line, body).status_code in {202, 422}


def test_two_people_with_one_number_are_nobody_in_particular(line: str) -> None:
    contact = Contact.objects.get(name="张倩")
    Contact.objects.create(customer=contact.customer, name="李同号", phone=contact.phone)
    send(line, news("ringing"))
    assert Call.objects.get().contact is None


@pytest.mark.parametrize(
    "at", ["0001-01-01", "0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00", "9999-12-31T23:59:59-23:59"]
)
def test_no_time_breaks_the_call_log(at: str, line: str, page: Any) -> None:
    answer = send(line, news("missed", at=at))
    assert (answer.status_code, answer.json()["code"]) == (422, "time_out_of_range"), answer.content
    assert "time_out_of_range" in CallNews.objects.get().reason
    assert page("desk").get("/calls/?view=all").status_code == 200


def test_impossible_times_of_before_are_mended_once(committed: str) -> None:
    send(add_phone_line(actor=system_actor("test"), name="hotline"), news("missed"))
    with psycopg.connect(committed) as owner:
        owner.execute("ALTER TABLE channels_call DROP CONSTRAINT channels_call_times")  # as it was
        owner.execute("UPDATE channels_call SET started_at = '0001-12-31 16:00+00 BC'")
        owner.execute(import_module("yizhan.channels.migrations.0006_sane_call_times").MEND)
    assert Call.objects.get().started_at == CallNews.objects.get().raw_at


def test_the_database_takes_no_impossible_time(line: str) -> None:
    send(line, news("ringing"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Call.objects.update(started_at=datetime(1999, 1, 1, tzinfo=UTC))
