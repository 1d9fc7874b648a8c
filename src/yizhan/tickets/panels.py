"""Tickets on the pages of customers and contacts."""

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from yizhan.kernel.actor import Actor
from yizhan.kernel.panels import Panel, panel_on
from yizhan.tickets.models import State
from yizhan.tickets.policies import TicketPermission, tickets

SHOWN = 8


@panel_on("people.contact")
def tickets_of_contact(actor: Actor, record: Model) -> Panel | None:
    rows = tickets.scope(actor, TicketPermission.VIEW).filter(requester=record.pk).order_by("-received_at")
    return Panel(_("Tickets"), "tickets/panel.html", {"tickets": list(rows[:SHOWN])})


@panel_on("people.customer")
def tickets_of_customer(actor: Actor, record: Model) -> Panel | None:
    rows = tickets.scope(actor, TicketPermission.VIEW).filter(customer=record.pk).exclude(state=State.ARCHIVED)
    return Panel(_("Open tickets"), "tickets/panel.html", {"tickets": list(rows.order_by("level", "received_at")[:SHOWN])})
