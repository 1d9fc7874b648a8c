"""SIGKILL between the commit of a form's work and its answer: who sends the form again does nothing twice."""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from yizhan.kernel import clock
from yizhan.people.models import User
from yizhan.tickets.models import Message, Ticket

KEY = "0123456789abcdef" * 2
NEW = {"what": "三楼打印机卡纸", "level": "3", "draft_key": KEY}


def signed_in(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name), backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def killed_after_commit(table: str, send: Callable[[], Any], says: str = "") -> None:
    """Send in a process of its own that is killed at once when its row in this table is there for everybody."""

    def watch(execute: Callable[..., Any], sql: Any, *more: Any) -> Any:
        if (says or f'INSERT INTO "{table}"') in str(sql):
            transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
        return execute(sql, *more)

    connections.close_all()
    pid = os.fork()
    if pid == 0:
        try:
            with connection.execute_wrapper(watch):
                send()
        finally:
            os._exit(1)
    _pid, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status)


@pytest.mark.parametrize("minutes", [0, 2])
def test_a_reply_is_not_said_twice(tickets: Any, minutes: int) -> None:
    number = tickets.claimed().number
    address, sent = f"/tickets/{number}/messages/", {"body": "已到现场", "kind": "public", "draft_key": KEY}
    killed_after_commit("tickets_message", lambda: signed_in("engineer1").post(address, sent))
    assert Message.objects.filter(ticket__number=number, body="已到现场").count() == 1
    with clock.at(clock.now() + timedelta(minutes=minutes)):
        again = signed_in("engineer1").post(address, sent)
    assert again.status_code == (302 if minutes else 409)
    assert Message.objects.filter(ticket__number=number, body="已到现场").count() == 1


def test_a_request_is_not_registered_twice_and_is_found(tickets: Any) -> None:
    before = Ticket.objects.count()
    killed_after_commit("tickets_ticket", lambda: signed_in("requester1").post("/report/", NEW))
    assert Ticket.objects.count() == before + 1
    with clock.at(clock.now() + timedelta(minutes=2)):
        again = signed_in("requester1").post("/report/", NEW, follow=True)
    assert Ticket.objects.count() == before + 1
    number = Ticket.objects.order_by("-pk")[0].number
    assert again.redirect_chain[-1][0] == f"/tickets/{number}/"
    assert "没有重复提交" in again.content.decode()


def test_a_batch_that_was_cut_off_is_finished_by_sending_it_again(tickets: Any) -> None:
    """Each of many stands by itself: that one was done does not say that all were."""
    numbers = [tickets.claimed().number for _ in range(3)]
    sent = {"action": "decide_knowledge", "step": "apply", "decision": "routine", "number": numbers, "draft_key": KEY}
    killed_after_commit("kernel_audit", lambda: signed_in("engineer1").post("/tickets/batch/", sent), "INTO kernel_audit")
    decided = Ticket.objects.filter(number__in=numbers, knowledge="routine")
    assert decided.count() == 1
    with clock.at(clock.now() + timedelta(minutes=2)):
        again = signed_in("engineer1").post("/tickets/batch/", sent)
    assert again.status_code == 200
    assert decided.count() == 3
