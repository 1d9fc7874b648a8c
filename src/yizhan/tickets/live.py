"""What open pages hear of tickets, and who sees who else looks at one."""

from collections.abc import Collection, Mapping
from typing import Any

from yizhan.kernel.actor import Actor
from yizhan.kernel.live import LiveEvent, LiveSource, Room, register_room, register_source
from yizhan.tickets.models import Ticket
from yizhan.tickets.policies import tickets

ASKED = ("number", "customer", "requester", "registered_by")


class TicketNews(LiveSource):
    """The number, to who sees the ticket; what is internal, to us only."""

    object_type = "tickets.ticket"

    def records(self, ids: Collection[int]) -> Mapping[int, Ticket]:
        return Ticket.objects.only(*ASKED).in_bulk(ids)

    def told(self, actor: Actor, event: LiveEvent, record: Ticket) -> dict[str, Any] | None:
        if not tickets.sees(actor, record) or (event.internal and not tickets.is_staff(actor, record.customer_id)):
            return None
        return {"type": event.type, "number": record.number}


class TicketRoom(Room):
    """Who looks at a ticket is for the staff of its customer."""

    def records(self, names: Collection[str]) -> Mapping[str, Ticket]:
        return {ticket.number: ticket for ticket in Ticket.objects.only(*ASKED).filter(number__in=names)}

    def admits(self, actor: Actor, record: Ticket) -> bool:
        return tickets.sees(actor, record) and tickets.is_staff(actor, record.customer_id)


register_source(TicketNews())
register_room(TicketRoom())
