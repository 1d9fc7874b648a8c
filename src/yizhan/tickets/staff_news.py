"""What our own people hear of tickets: offered, handed over, chased, answered, mentioned."""

from typing import cast

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from yizhan.kernel import events, notices
from yizhan.kernel.events import Envelope
from yizhan.kernel.notices import NewsKind
from yizhan.people.models import Team, User
from yizhan.people.queries import staff_serving, team_engineers
from yizhan.tickets.events import (
    MessagePosted,
    NotePosted,
    RequesterReminded,
    SignOffRefused,
    TicketDispatched,
    TicketEscalated,
    TransferOffered,
)
from yizhan.tickets.models import Message, Ticket
from yizhan.tickets.services.handing import mentioned, watch_for

notices.register_news(
    NewsKind("dispatched", _("A ticket is offered to me"), gettext_noop("Offered to you: %(number)s %(subject)s"), mailed=True),
    NewsKind("transfer", _("A colleague hands me a ticket"), gettext_noop("%(who)s hands you %(number)s %(subject)s"), mailed=True),
    NewsKind("handover", _("A colleague hands me all his tickets"), gettext_noop("%(who)s hands over %(count)s tickets to you"), mailed=True),
    NewsKind("handover_accepted", _("My handover is accepted"), gettext_noop("%(who)s has taken over your tickets")),
    NewsKind("handover_declined", _("My handover is declined"), gettext_noop("%(who)s declined your handover: %(reason)s"), mailed=True),
    NewsKind("escalated", _("A ticket comes to my second-line team"), gettext_noop("Second line: %(number)s %(subject)s")),
    NewsKind("chased", _("A requester chases my ticket"), gettext_noop("Chased: %(number)s %(subject)s"), mailed=True),
    NewsKind("answered", _("The customer writes on my ticket"), gettext_noop("%(who)s wrote: %(number)s %(subject)s")),
    NewsKind("refused", _("A signature is refused"), gettext_noop("Not signed: %(number)s %(subject)s"), mailed=True),
    NewsKind("mentioned", _("Somebody mentions me"), gettext_noop("%(who)s mentions you: %(number)s %(subject)s"), mailed=True),
    NewsKind("watched", _("News of a ticket that I watch"), gettext_noop("%(who)s wrote: %(number)s %(subject)s")),
)  # fmt: skip


def tell(envelope: Envelope, people: list[User | None], code: str, who: str = "") -> None:
    """To those of them who serve the ticket's customer: it is nobody else's business."""
    ticket = cast(Ticket, envelope.subject)
    ids = {person.pk for person in people if person is not None}
    served = list(staff_serving(ticket.customer_id).filter(pk__in=ids)) if ids else []
    shown = {"number": ticket.number, "subject": ticket.subject, "who": who or envelope.actor.name}
    notices.tell_people(envelope.actor, served, code, url=f"/tickets/{ticket.number}/", variables=shown, about=ticket)


def engineers_of(envelope: Envelope, team: str) -> list[User | None]:
    """Those of a team to whom this ticket can be offered."""
    found = Team.objects.filter(code=team).first()
    return list(team_engineers(found.pk, cast(Ticket, envelope.subject).customer_id)) if found else []


@events.inside(TicketDispatched)
def offered(envelope: Envelope) -> None:
    event = cast(TicketDispatched, envelope.event)
    if event.to:
        tell(envelope, [User.objects.get(pk=event.to)], "dispatched")
    elif event.team:
        tell(envelope, engineers_of(envelope, event.team), "dispatched")


@events.inside(TransferOffered)
def handed(envelope: Envelope) -> None:
    event = cast(TransferOffered, envelope.event)
    if not event.in_handover:
        tell(envelope, [User.objects.get(pk=event.to)], "transfer")


@events.inside(TicketEscalated)
def escalated(envelope: Envelope) -> None:
    tell(envelope, engineers_of(envelope, cast(TicketEscalated, envelope.event).team), "escalated")


@events.inside(RequesterReminded)
def chased(envelope: Envelope) -> None:
    ticket = cast(Ticket, envelope.subject)
    tell(envelope, [ticket.owner, ticket.handler], "chased")


@events.inside(SignOffRefused)
def refused(envelope: Envelope) -> None:
    tell(envelope, [cast(Ticket, envelope.subject).owner], "refused")


@events.inside(MessagePosted)
@events.inside(NotePosted)
def written(envelope: Envelope) -> None:
    """The mentioned first, then owner and handler of what a customer wrote, then the watchers; each hears once."""
    ticket, event = cast(Ticket, envelope.subject), envelope.event
    message = Message.objects.select_related("contact").get(pk=cast(MessagePosted, event).message)
    by_customer = bool(getattr(event, "by_customer", False))
    who = message.contact.name if message.contact else envelope.actor.name
    named = [] if by_customer else mentioned(ticket, message.body)
    if named:
        watch_for(ticket, named)
        tell(envelope, list(named), "mentioned", who)
    told = {person.pk for person in named}
    own = [p for p in (ticket.owner, ticket.handler) if by_customer and p is not None and p.pk not in told]
    tell(envelope, list(own), "answered", who)
    told |= {person.pk for person in own}
    watchers = User.objects.filter(pk__in=ticket.watchers.values("user")).exclude(pk__in=told)
    tell(envelope, list(watchers), "watched", who)
