"""Undo, for a few seconds: what the last step changed is put back, and both stay in the history."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from yizhan.kernel import clock
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import Conflict
from yizhan.kernel.models import AuditEntry
from yizhan.tickets.events import StepUndone
from yizhan.tickets.models import Ticket
from yizhan.tickets.services.acting import Case, lock_ticket
from yizhan.tickets.states import TicketLife

WINDOW = timedelta(seconds=15)  # ten on the screen, and the way here
UNDOABLE = {transition.recorded_as: action for action, transition in TicketLife.transitions.items() if transition.undo}
KEPT = {"version", "touched_at"}


@command
def undo_step(*, actor: Actor, number: str) -> Ticket:
    """Take back one's own last step, if it was a claim, a transfer or an archiving, and nothing has happened since.

    Raises:
        Conflict: `too_late`.
    """
    ticket = lock_ticket(actor, number)
    label = ticket._meta.label_lower
    last = AuditEntry.objects.filter(object_type=label, object_id=ticket.pk).order_by("-id").first()
    own = last is not None and last.actor == actor.label and last.command in UNDOABLE
    if last is None or not own or clock.now() - last.at > WINDOW or last.after.get("version") != ticket.version:
        raise Conflict(_("It is too late to undo this."), code="too_late")
    case = Case.of(actor, ticket, "undo_step")
    for name, value in last.before.items():
        if name not in KEPT:
            field = next(f for f in ticket._meta.concrete_fields if f.attname == name)
            setattr(ticket, name, field.to_python(value))
    return case.finish(StepUndone(ticket.number, UNDOABLE[last.command]))
