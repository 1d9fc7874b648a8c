"""Who has the ticket: dispatching, claiming, handing over, calling in help."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yizhan.kernel import audit
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import Conflict, Forbidden, Invalid, Text
from yizhan.people.models import User
from yizhan.people.queries import is_still_invited, is_technician, teams_serving
from yizhan.tickets.events import (
    CoHandlerAdded,
    SecondLineAccepted,
    TicketAccepted,
    TicketDispatched,
    TicketEscalated,
    TicketRecalled,
    TransferAccepted,
    TransferDeclined,
    TransferOffered,
)
from yizhan.tickets.models import CoHandler, State, SubState, Ticket
from yizhan.tickets.parameters import Diagnosis, Name, Reason
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.services.acting import begin
from yizhan.tickets.services.registering import take
from yizhan.tickets.states import TicketLife


def required(text: str, field: str) -> str:
    """A text that a person must have written."""
    if not text.strip():
        raise Invalid(_("Some fields are not right."), fields={field: [_("This is needed.")]})
    return text.strip()


def engineer(username: str, customer_id: int, field: str) -> User:
    """An active engineer who serves this customer and has come in."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None or not is_technician(user, customer_id):
        message: Text = _("There is no engineer of that name for this customer.")
        if user is not None and is_still_invited(user, customer_id):
            message = gettext("{name} has not joined yet: the invitation has not been used.").format(name=user.display_name)
        raise Invalid(message, code="not_an_engineer", fields={field: [message]})
    return user


@command
def claim_ticket(*, actor: Actor, number: str, version: int | None = None) -> Ticket:
    """Take a pending ticket; of many who try at once, one gets it. Emits `TicketAccepted`."""
    case = begin(actor, number, TicketLife.claim, version)
    first = case.ticket.first_contact_owner_id is None
    take(case.ticket, actor.user_id, case.now)
    return case.finish(TicketAccepted(case.ticket.number, actor.user_id or 0, first))


@command
def accept_ticket(*, actor: Actor, number: str, version: int | None = None) -> Ticket:
    """Accept what was dispatched to one, or, in the second line, what was escalated to one's team."""
    case = begin(actor, number, TicketLife.accept, version)
    if case.ticket.state == State.PENDING:
        first = case.ticket.first_contact_owner_id is None
        take(case.ticket, actor.user_id, case.now)
        return case.finish(TicketAccepted(case.ticket.number, actor.user_id or 0, first))
    case.ticket.handler_id = actor.user_id
    return case.finish(SecondLineAccepted(case.ticket.number, actor.user_id or 0))


@command
def dispatch_ticket(*, actor: Actor, number: str, to: Name, version: int | None = None) -> Ticket:
    """Offer a pending ticket to an engineer (user name) or a team (code). It stays pending until accepted."""
    case = begin(actor, number, TicketLife.dispatch, version)
    if not to.strip():
        message = _("Choose the engineer or the team who is to do it.")
        raise Invalid(message, fields={"to": [message]})
    team = None if User.objects.filter(username=to).exists() else teams_serving(case.ticket.customer_id).filter(code=to).first()
    user = None if team else engineer(to, case.ticket.customer_id, "to")
    case.ticket.offered_to, case.ticket.team = user, team
    case.move(State.PENDING, SubState.OFFERED)
    return case.finish(TicketDispatched(case.ticket.number, user.pk if user else None, team.code if team else ""))


@command
def recall_ticket(*, actor: Actor, number: str, version: int | None = None) -> Ticket:
    """Take an offer back, or give it back as the one it was made to."""
    case = begin(actor, number, TicketLife.recall, version)
    given_back = not tickets.allows(actor, TicketPermission.DISPATCH, case.ticket)
    case.ticket.offered_to = case.ticket.team = None
    case.move(State.PENDING, SubState.UNASSIGNED)
    return case.finish(TicketRecalled(case.ticket.number, given_back))


@command
def escalate_ticket(*, actor: Actor, number: str, team: Name, diagnosis: Diagnosis, version: int | None = None) -> Ticket:
    """Call in a second-line team, with what is known so far. The owner stays accountable."""
    case = begin(actor, number, TicketLife.escalate, version)
    text = required(diagnosis, "diagnosis")
    found = teams_serving(case.ticket.customer_id).filter(code=team, tier=2).first()
    if found is None:
        message = _("There is no second-line team of that code with an engineer of this customer.")
        raise Invalid(message, code="not_second_line", fields={"team": [message]})
    case.ticket.team, case.ticket.handler = found, case.ticket.owner
    case.move(State.IN_PROGRESS, SubState.TIER2)
    return case.finish(TicketEscalated(case.ticket.number, found.code, text))


@command
def transfer_ticket(
    *, actor: Actor, number: str, to: Name, reason: Reason, force: bool = False, version: int | None = None
) -> Ticket:
    """Offer the ownership to another engineer; the sender stays accountable until it is accepted.

    With `force` the service manager reassigns without acceptance (somebody is ill or has left). The same offer sent
    twice (`Case.just_told`) is one.
    """
    case = begin(actor, number, TicketLife.transfer, version)
    text = required(reason, "reason")
    user = engineer(to, case.ticket.customer_id, "to")
    if user.pk == case.ticket.owner_id:
        raise Conflict(_("The ticket is this person's already."), code="already_owner")
    if force:
        if not tickets.allows(actor, TicketPermission.REASSIGN, case.ticket):
            raise Forbidden(_("Only the service manager reassigns without acceptance."))
        hand_over(case.ticket, user)
        return case.finish(TransferAccepted(case.ticket.number, user.pk, text))
    offer = TransferOffered(case.ticket.number, user.pk, text)
    if case.ticket.transfer_to_id == user.pk and case.just_told(offer):
        return case.ticket
    case.ticket.transfer_to = user
    return case.finish(offer)


def hand_over(ticket: Ticket, user: User) -> None:
    if ticket.handler_id == ticket.owner_id:
        ticket.handler = user
    ticket.owner, ticket.transfer_to = user, None


@command
def accept_transfer(*, actor: Actor, number: str, version: int | None = None) -> Ticket:
    """Become owner of what was offered. The first contact stays who it was."""
    case = begin(actor, number, TicketLife.accept_transfer, version)
    assert case.ticket.transfer_to is not None
    hand_over(case.ticket, case.ticket.transfer_to)
    return case.finish(TransferAccepted(case.ticket.number, actor.user_id or 0))


@command
def decline_transfer(*, actor: Actor, number: str, reason: Reason, version: int | None = None) -> Ticket:
    """Give the offer back, saying why. The sender keeps the ticket."""
    case = begin(actor, number, TicketLife.decline_transfer, version)
    text = required(reason, "reason")
    case.ticket.transfer_to = None
    return case.finish(TransferDeclined(case.ticket.number, text))


@command
def add_co_handler(*, actor: Actor, number: str, user: Name, version: int | None = None) -> Ticket:
    """Call in another engineer to help; he may then work on the ticket."""
    case = begin(actor, number, TicketLife.add_co_handler, version)
    helper = engineer(user, case.ticket.customer_id, "user")
    if helper.pk in {case.ticket.owner_id, case.ticket.handler_id} or helper in case.ticket.co_handlers.all():
        raise Conflict(_("This person works on the ticket already."), code="already_working")
    row = CoHandler.objects.create(ticket=case.ticket, user=helper, added_by_id=actor.user_id, added_at=case.now)
    audit.record(actor, "add_co_handler", row, {}, audit.snapshot(row))
    getattr(case.ticket, "_prefetched_objects_cache", {}).pop("co_handlers", None)
    return case.finish(CoHandlerAdded(case.ticket.number, helper.pk))
