"""The demonstration's story is over when it is told: nothing in it lies ahead of that moment."""

import pytest
from django.db.models import DateTimeField, Max

from yizhan.kernel import clock
from yizhan.kernel.models import AuditEntry, StoredEvent
from yizhan.people.models import Customer
from yizhan.site.demo.history import write_history
from yizhan.tickets.models import Message, Rating, ReturnVisit, ServiceSheet, SignOff, Ticket

pytestmark = pytest.mark.django_db
PLANNED = {"eta", "scheduled_at", "scheduled_until", "due_at", "suspended_until", "survey_until"}


def test_no_row_of_the_demonstration_lies_in_the_future() -> None:
    write_history({customer.code: customer for customer in Customer.objects.all()}, 40, lambda _made: None)
    ahead = set()
    for model in (Ticket, ServiceSheet, SignOff, Rating, ReturnVisit, Message, AuditEntry, StoredEvent):
        for field in model._meta.fields:
            if isinstance(field, DateTimeField) and field.name not in PLANNED:
                latest = model._default_manager.aggregate(latest=Max(field.name))["latest"]
                if latest is not None and latest > clock.now():
                    ahead.add(f"{model.__name__}.{field.name}")
    assert ahead == set()
