"""Known faults stay within the scope: banner, caller's card and “me too” show and take those of one's own customer only."""

from typing import Any

import pytest

from yizhan.kernel.errors import NotFound
from yizhan.people.models import Assignment, Contact, Customer, User
from yizhan.tickets.queries import known_faults
from yizhan.tickets.services.affected import add_affected, report_same_fault


@pytest.fixture
def fault(world: Any) -> Any:
    return add_affected(actor=world.actor("desk"), number=world.new(subject="三楼断网").number, name="李华")


def test_a_desk_of_another_customer_sees_none(world: Any, fault: Any) -> None:
    person = User.objects.create_user("deskb", display_name="乙台")
    Assignment.objects.create(user=person, role="desk", customer=Customer.objects.get(code="demo-b"))
    assert list(known_faults(world.actor("deskb"), fault.customer_id)) == []
    assert [t.number for t in known_faults(world.actor("desk"), fault.customer_id)] == [fault.number]


def test_a_requester_whose_role_has_ended_sees_none(world: Any, fault: Any, page: Any) -> None:
    assert [t.number for t in known_faults(world.actor("requester1"))] == [fault.number]
    assert "三楼断网" in page("customer1").get("/").content.decode()
    assert "三楼断网" not in page("requester2").get("/").content.decode()
    Assignment.objects.filter(user__username="requester1").delete()
    assert list(known_faults(world.actor("requester1"))) == []
    with pytest.raises(NotFound):
        report_same_fault(actor=world.actor("requester1"), number=fault.number)


def test_a_customer_named_is_asked_for_not_believed(world: Any, fault: Any) -> None:
    other = Contact.objects.get(user__username="requester2").customer_id
    assert list(known_faults(world.actor("requester1"), other)) == []
    assert list(known_faults(world.actor("requester2"), fault.customer_id)) == []
