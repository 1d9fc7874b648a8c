"""Attachments of tickets: read by whoever sees the ticket, internal ones by the staff."""

from yizhan.kernel import attachments
from yizhan.kernel.actor import Actor
from yizhan.kernel.models import Attachment
from yizhan.tickets.policies import TicketPermission, tickets


def may_read(actor: Actor, attachment: Attachment) -> bool:
    needed = TicketPermission.VIEW_INTERNAL if attachment.internal else TicketPermission.VIEW
    return tickets.scope(actor, needed).filter(pk=attachment.owner_id or 0).exists()


attachments.register_owner("tickets.ticket", may_read)
