"""The ticket that came of a call: linked by who may see the call, with a row in the audit."""

from typing import Any

from yizhan.channels.models import Call, PhoneLine
from yizhan.kernel import clock
from yizhan.kernel.models import AuditEntry
from yizhan.people.models import Assignment, Contact, Customer, User


def missed_call(code: str) -> Call:
    customer = Customer.objects.get(code=code)
    line = PhoneLine.objects.create(name=code, sealed_secret="", customer=customer)
    return Call.objects.create(line=line, source_id="1", number="1", customer=customer, state="missed", started_at=clock.now())


def register(page: Any, username: str, call: Call) -> None:
    contact = Contact.objects.get(name="张倩")
    given = {"requester": contact.pk, "subject": "没网", "level": "3", "channel": "phone", "call": call.pk}
    assert page(username).post("/desk/", given).status_code == 302


def test_the_desks_registration_is_linked_and_audited(page: Any, world: Any) -> None:
    call = missed_call("demo-a")
    register(page, "desk", call)
    call.refresh_from_db()
    assert call.ticket is not None
    assert call.returned_at is not None
    row = AuditEntry.objects.filter(object_type="channels.call", object_id=call.pk).order_by("-id")[0]
    assert (row.command, row.actor, row.after["ticket_id"]) == ("link_call", world.actor("desk").label, call.ticket_id)


def test_somebody_elses_call_stays_as_it_is(page: Any) -> None:
    person = User.objects.create_user("deska", display_name="甲台")
    Assignment.objects.create(user=person, role="desk", customer=Customer.objects.get(code="demo-a"))
    call = missed_call("demo-b")
    register(page, "deska", call)
    call.refresh_from_db()
    assert (call.ticket, call.returned_at, call.customer.code) == (None, None, "demo-b")  # type: ignore[union-attr]
