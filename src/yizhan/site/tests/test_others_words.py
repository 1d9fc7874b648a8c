"""Shared views and failed letters tell nothing of customers whom the reader does not serve."""

from typing import Any

import pytest
from django.http import QueryDict

from yizhan.channels.queries import failed_notices
from yizhan.kernel import clock
from yizhan.kernel.errors import NotFound
from yizhan.kernel.listing import listing_named
from yizhan.kernel.listing.queries import kept
from yizhan.kernel.listing.services import delete_view, save_view
from yizhan.kernel.models import Notice
from yizhan.people.models import Assignment, Contact, Customer


@pytest.fixture
def lead(actors: Any) -> Any:
    """The desk, of demo-a only; engineer1 shares what the desk opens."""
    Assignment.objects.filter(user__username="desk").update(customer=Customer.objects.get(code="demo-a"))
    return actors("desk")


def share(actors: Any, listing: Any, name: str, query: str) -> Any:
    manager = actors("manager")
    return save_view(actor=manager, listing=listing, name=name, query=query, columns=[], shared=True, may_share=True)


def test_a_shared_view_of_a_foreign_customer_is_not_there(actors: Any, lead: Any) -> None:
    listing: Any = listing_named("tickets")
    theirs = Contact.objects.filter(customer__code="demo-b")[0]
    foreign = ("customer=demo-b", "customer=demo-a&customer=demo-b", f"requester_id={theirs.pk}", "owner=requester2",
               "q=%E7%A6%BE%E5%B1%BF", "site=x")  # fmt: skip
    made = [share(actors, listing, f"别家 {number}", query) for number, query in enumerate(foreign)]
    for name, query in (("本家", "customer=demo-a&level=1"), ("谁都行", "state=pending"), ("同事", "owner=engineer1")):
        share(actors, listing, name, query)
    assert {view.name for view in kept(lead, listing)[0]} == {"本家", "谁都行", "同事"}
    assert len(kept(actors("engineer1"), listing)[0]) == len(foreign) + 3
    with pytest.raises(NotFound):
        delete_view(actor=lead, listing=listing, pk=made[0].pk, may_share=True)


def test_the_same_holds_for_every_declared_list(actors: Any, lead: Any, page: Any) -> None:
    listing: Any = listing_named("contacts")
    other = Customer.objects.get(code="demo-b")
    for name, query in (("别家", "customer=demo-b"), ("字", "q=x"), ("本家", "customer=demo-a"), ("重要", "vip=1")):
        share(actors, listing, name, query)
    assert {view.name for view in kept(lead, listing)[0]} == {"本家", "重要"}
    assert other.code not in page("desk").get("/contacts/").content.decode()
    assert not listing.may_read(lead, QueryDict("customer=demo-b"))


def test_failed_letters_are_those_of_ones_customers(actors: Any, lead: Any, world: Any, page: Any) -> None:
    own, foreign = world.new(), world.new(by="manager", requester="requester2")
    now = clock.now()
    for number, (kind, pk) in enumerate([("tickets.ticket", own.pk), ("tickets.ticket", foreign.pk), ("", None)]):
        Notice.objects.create(
            code="x", address=f"someone{number}@example.com", subject="s", body="b", object_type=kind, object_id=pk,
            state=Notice.State.FAILED, due_at=now, created_at=now,
            error=f"550 someone{number}@example.com",
        )  # fmt: skip
    assert [notice.address for notice in failed_notices(lead)] == ["someone0@example.com"]
    assert failed_notices(actors("manager")).count() == 3
    assert failed_notices(actors("engineer1")).count() == 0
    shown = page("desk").get("/channels/").content.decode()
    assert "someone0@example.com" in shown
    assert "someone1@example.com" not in shown
    assert "someone2@example.com" not in shown
