"""A registration that is refused uses up no number."""

from typing import Any

import pytest
from django.db import connection

from yizhan.kernel.actor import system_actor
from yizhan.kernel.errors import Invalid
from yizhan.tickets.services.registering import NewTicket, register_tickets


def last_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM number_inc")
        return int(cursor.fetchone()[0])


def test_what_is_refused_draws_none(world: Any, api: Any) -> None:
    contact = world.contact()
    world.new()
    before = last_number()
    for subject in ("", "长" * 201):
        with pytest.raises(Invalid):
            world.new(subject=subject)
    with pytest.raises(Invalid):
        register_tickets(actor=system_actor("mail"), news=[NewTicket(contact.customer, contact, subject="")])
    assert api("desk").post("/tickets", {"customer": "demo-a", "requester": {"name": "张倩"}, "subject": " "}).status == 422
    assert last_number() == before
    world.new()
    assert last_number() == before + 1
