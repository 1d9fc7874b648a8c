"""Two real connections do the same at once: the second finds what the first has written, and hears words, never a fault."""

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connections, transaction
from django.test import Client

from yizhan.channels.models import Mailbox
from yizhan.channels.services.mailboxes import add_mailbox
from yizhan.channels.services.phone import add_phone_line
from yizhan.kernel.actor import Actor, system_actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import DomainError
from yizhan.kernel.listing.declaration import listing_named
from yizhan.kernel.listing.services import choose_columns, save_view
from yizhan.kernel.models import AuditEntry, SavedView
from yizhan.kernel.testing.api import ApiClient
from yizhan.people.access import actor_for
from yizhan.people.models import Contact, Customer, Department, User
from yizhan.people.services.accounts import create_user
from yizhan.tickets.models import Handover
from yizhan.tickets.services.handing import offer_handover

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
CONSOLE = system_actor("console")


def person(name: str) -> Actor:
    return actor_for(User.objects.get(username=name), channel="web", address="192.0.2.1")


def second_of(committed: str, press: Callable[[], Any]) -> Any:
    """What the second press got: it waits for the first, which is written and not committed yet."""
    found: list[Any] = []

    def again() -> None:
        try:
            found.append(press())
        except Exception as error:  # noqa: BLE001 (that is what is asked)
            found.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=again)
    with psycopg.connect(committed, autocommit=True) as watching, transaction.atomic():
        press()
        thread.start()
        while watching.execute(WAITING).fetchone() == (0,):
            assert thread.is_alive(), found
            time.sleep(0.02)
    thread.join()
    return found[0]


def refused(answer: Any) -> tuple[int, str, dict[str, list[str]]]:
    assert isinstance(answer, DomainError), repr(answer)
    fields: dict[str, Any] = getattr(answer, "fields", {})
    return answer.status, answer.code, {name: [str(text) for text in texts] for name, texts in fields.items()}


def test_a_view_saved_twice_at_once_is_one_view(committed: str) -> None:
    listing, desk = listing_named("tickets"), person("desk")
    assert listing

    def press() -> SavedView:
        return save_view(actor=desk, listing=listing, name="我的", query="", columns=[], shared=False, may_share=False)

    answer = second_of(committed, press)
    assert isinstance(answer, SavedView), repr(answer)
    assert SavedView.objects.get(name="我的").pk == answer.pk


def test_a_view_saved_twice_at_once_in_the_browser(committed: str) -> None:
    browsers = [Client(raise_request_exception=False) for _ in range(2)]
    for browser in browsers:
        browser.force_login(User.objects.get(username="desk"), backend="allauth.account.auth_backends.AuthenticationBackend")
    waiting = iter(browsers)
    answer = second_of(committed, lambda: next(waiting).post("/lists/tickets/views/", {"name": "我的", "query": ""}))
    assert answer.status_code == 302


def test_columns_chosen_twice_at_once_are_kept_once(committed: str) -> None:
    listing, desk = listing_named("tickets"), person("desk")
    assert listing
    some = list(listing.offered_columns(desk))[:2]
    assert second_of(committed, lambda: choose_columns(actor=desk, listing=listing, columns=some)) is None
    view = SavedView.objects.get(owner=desk.user_id, name="")
    assert view.columns == some
    row = AuditEntry.objects.get(object_type="kernel.savedview", object_id=view.pk)
    assert (row.before, row.after) == ({}, {"columns": some})


def test_a_handover_offered_twice_at_once(committed: str) -> None:
    new = {"customer": "demo-a", "requester": {"name": "张倩"}, "subject": "打印机显示脱机"}
    assert ApiClient("engineer1").post("/tickets", new).status == 201
    me = person("engineer1")
    answer = second_of(committed, lambda: offer_handover(actor=me, to="engineer2"))
    assert refused(answer)[:2] == (409, "handover_waits")
    assert "还在等答复" in str(answer)
    assert Handover.objects.count() == 1


@pytest.mark.parametrize("other", ["neu1", "NEU1"])
def test_an_account_made_twice_at_once(committed: str, other: str) -> None:
    names = iter(["neu1", other])
    answer = second_of(
        committed, lambda: create_user(actor=CONSOLE, username=next(names), name="新同事", password="neues-Wort-42")
    )
    assert refused(answer) == (409, "already_there", {"username": ["这个用户名已被占用。"]})
    assert User.objects.filter(username__iexact="neu1").count() == 1


def test_a_mailbox_set_up_twice_at_once(committed: str) -> None:
    given = iter([("eins", "it@a.example", "demo-a"), ("zwei", "IT@a.example", "demo-b")])

    def press() -> Mailbox:
        name, address, customer = next(given)
        return add_mailbox(
            actor=CONSOLE,
            name=name,
            address=address,
            customer=customer,
            imap_url="imaps://mail.example",
            smtp_url="",
            password="x",
        )

    assert refused(second_of(committed, press)) == (409, "already_there", {"address": ["已有邮箱用了这个地址。"]})
    assert Mailbox.objects.filter(address__iexact="it@a.example").count() == 1


def test_a_telephone_line_made_twice_at_once(committed: str) -> None:
    answer = second_of(committed, lambda: add_phone_line(actor=CONSOLE, name="hotline"))
    assert refused(answer) == (409, "already_there", {"name": ["另一条记录已经有了。"]})


@command
def place_contact(*, actor: Actor, contact: int, department: int) -> None:
    """A command that looks at nothing: the database alone knows that the department has gone."""
    Contact.objects.filter(pk=contact).update(department=department)


@command
def place_and_go_on(*, actor: Actor, contact: int, department: int) -> None:
    place_contact(actor=actor, contact=contact, department=department)


def test_what_is_found_at_the_commit_only_is_a_refusal_too(committed: str) -> None:
    row = Contact.objects.order_by("pk")[0]
    with pytest.raises(DomainError) as caught:
        place_and_go_on(actor=CONSOLE, contact=row.pk, department=99999999)
    assert refused(caught.value) == (422, "broken_rule", {"department": ["这里所指的记录已经不存在。"]})
    assert isinstance(caught.value.__cause__, IntegrityError)


def test_a_command_hears_the_words_of_the_table_that_refused(db: None) -> None:
    """Also inside a transaction of its caller, which goes on."""
    customer = Customer.objects.get(code="demo-a")

    @command
    def make(*, actor: Actor) -> None:
        Department.objects.create(customer=customer, name="法务部", sort_key="x")

    make(actor=CONSOLE)
    with pytest.raises(DomainError) as caught:
        make(actor=CONSOLE)
    status, code, fields = refused(caught.value)
    assert (status, code, list(fields)) == (409, "already_there", ["name"])
    assert Department.objects.filter(name="法务部").count() == 1
