"""Attachments of tickets: read by whoever sees the ticket, internal ones by the staff."""

from yizhan.kernel import attachments
from yizhan.kernel.actor import Actor
from yizhan.kernel.models import Attachment
from yizhan.tickets.policies import TicketPermission, tickets


def may_read(actor: Actor, attachment: Attachment) -> bool:
    rows = tickets.scope(actor, TicketPermission.VIEW).filter(pk=attachment.owner_id or 0)
    if attachment.internal and not tickets.is_staff(actor):
        return False
    return rows.exists()


attachments.register_owner("tickets.ticket", may_read)
