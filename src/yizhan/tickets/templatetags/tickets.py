"""The marks that stand in every row of a list: level, state, person. As functions, for a page has hundreds of them."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from yizhan.kernel.actor import Actor
from yizhan.kernel.templatetags.yizhan import when
from yizhan.people.models import Contact
from yizhan.people.policies import contacts, number_for
from yizhan.tickets.models import Channel, Level, State, SubState, Ticket

register = template.Library()
NONE = '<span class="yz-who"><span class="yz-av none" aria-hidden="true"></span><span class="t3">{}</span></span>'


@register.filter
def number_of(record: Any, actor: Actor) -> str:
    """The number of a contact or of a call, as this reader sees it."""
    return number_for(actor, record.customer_id, str(getattr(record, "number", "") or getattr(record, "phone", "")))


@register.filter
def call_link(record: Any, actor: Actor) -> SafeString:
    """The number to dial, for whom it shows whole; to everybody else masked, and no link holds more."""
    number = number_of(record, actor)
    if not number or not contacts.shows_numbers(actor, record.customer_id):
        return format_html("{}", number)
    return format_html('<a href="tel:{}">{}</a>', number, number)


@register.filter
def address_of(contact: Contact, actor: Actor) -> str:
    """A contact's mail address, where this reader sees such."""
    return "" if "email" in contacts.hidden_of(actor, contact) else contact.email


@lru_cache(maxsize=64)
def level_html(level: int, judged: bool, _language: str | None) -> SafeString:
    title = "" if judged else format_html(' title="{}"', _("reported, not judged yet"))
    shape = "" if judged else " unjudged"
    return format_html('<span class="yz-level{}" data-l="{}"{}>{}</span>', shape, level, title, Level(level).label)


@register.filter
def level_badge(ticket: Ticket) -> SafeString:
    """一级…四级; dashed while only reported."""
    return level_html(ticket.level, ticket.level_judged, get_language())


@lru_cache(maxsize=256)
def state_html(state: str, words: str, paused: bool, _language: str | None) -> SafeString:
    rest = format_html("<i>{}</i>", words) if words else ""
    return format_html(
        '<span class="yz-state" data-s="{}"{}>{}{}</span>', state, " data-paused" if paused else "", State(state).label, rest
    )


@register.filter
def state_chip(ticket: Ticket) -> SafeString:
    """Ring, state, sub-state."""
    return state_html(ticket.state, ticket.sub_state_words, ticket.is_suspended, get_language())


@lru_cache(maxsize=2048)
def person_html(name: str, own: bool) -> SafeString:
    return format_html(
        '<span class="yz-who"><span class="yz-av {}" aria-hidden="true">{}</span>{}</span>',
        "me" if own else "ours", name[:1].upper(), name,
    )  # fmt: skip


@register.filter
def owner_chip(ticket: Ticket, me: int | None = None) -> SafeString:
    """The owner; before there is one, whom it was dispatched to, as a dashed circle."""
    if ticket.owner_id or ticket.sub_state != SubState.OFFERED:
        return who_chip(ticket.owner, me)
    return format_html(NONE, ticket.sub_state_words)


@register.filter
def who_chip(person: Any, me: int | None = None) -> SafeString:
    """One of ours with the surname in a circle; nobody as a dashed one."""
    if person is None or person == "":
        return format_html(NONE, _("nobody"))
    return person_html(str(person), person.pk == me)


ROW = (
    '<tr><td class="pickcell"><input type="checkbox" name="number" value="{number}" aria-label="{choose} {number}"></td>'
    '<td class="c-level">{level}</td>'
    '<td class="c-what"><a class="t" href="/tickets/{number}/">{subject}</a><div class="sub no">{number}{more}</div></td>'
    '<td class="c-who">{customer} {site}<div class="sub">{requester} {department} · {channel}</div></td>'
    '<td class="c-state">{state}</td><td class="c-owner">{owner}{helper}</td>'
    '<td class="c-time no">{received}</td><td class="c-news no">{touched}</td></tr>'
)


@register.simple_tag
def ticket_rows(tickets: Iterable[Ticket], me: int | None) -> SafeString:
    """A list's lines. As a function, for a template takes several times as long for fifty of them (docs/performance.md)."""
    choose, chased = _("Choose"), _("chased")
    channels = {str(channel.value): channel.label for channel in Channel}

    def row(t: Ticket) -> SafeString:
        more = f" · {t.category.name}" if t.category else ""
        more += f" · {chased} {t.remind_count}" if t.remind_count else ""
        helped = t.handler_id and t.handler_id != t.owner_id
        return format_html(
            ROW, number=t.number, choose=choose, level=level_badge(t), subject=t.subject, more=more, customer=t.customer,
            site=t.site or "", requester=t.requester.name, department=t.department or "", channel=channels[t.channel],
            state=state_chip(t), owner=owner_chip(t, me), received=when(t.received_at), touched=when(t.touched_at),
            helper=format_html('<div class="sub">{}</div>', t.handler) if helped else "",
        )  # fmt: skip

    return format_html_join("", "{}", ((row(ticket),) for ticket in tickets))
