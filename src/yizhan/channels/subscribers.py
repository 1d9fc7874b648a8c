"""What channels do about the news of tickets."""

from typing import cast

from yizhan.channels.services.phone import link_ticket
from yizhan.kernel import events
from yizhan.kernel.events import Envelope
from yizhan.tickets.events import TicketRegistered
from yizhan.tickets.models import Channel, Ticket

CALL = "call:"


@events.inside(TicketRegistered)
def registered_from_call(envelope: Envelope) -> None:
    """The registration desk names the call that it speaks on as the ticket's source."""
    ticket = cast(Ticket, envelope.subject)
    number = ticket.source_id.removeprefix(CALL)
    if ticket.channel == Channel.PHONE and ticket.source_id.startswith(CALL) and number.isascii() and number.isdigit():
        link_ticket(envelope.actor, int(number[:18]), ticket)
