"""The marks that stand in every row of a list: level, state, person. As functions, for a page has hundreds of them."""

from functools import lru_cache
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from yizhan.tickets.models import Level, State, SubState, Ticket

register = template.Library()


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
def state_html(state: str, sub_state: str, paused: bool, _language: str | None) -> SafeString:
    rest = format_html("<i>{}</i>", SubState(sub_state).label) if sub_state else ""
    return format_html(
        '<span class="yz-state" data-s="{}"{}>{}{}</span>', state, " data-paused" if paused else "", State(state).label, rest
    )


@register.filter
def state_chip(ticket: Ticket) -> SafeString:
    """Ring, state, sub-state."""
    return state_html(ticket.state, ticket.sub_state, ticket.is_suspended, get_language())


@lru_cache(maxsize=2048)
def person_html(name: str, own: bool) -> SafeString:
    return format_html(
        '<span class="yz-who"><span class="yz-av {}" aria-hidden="true">{}</span>{}</span>',
        "me" if own else "ours", name[:1].upper(), name,
    )  # fmt: skip


@register.filter
def who_chip(person: Any, me: int | None = None) -> SafeString:
    """One of ours with the surname in a circle; nobody as a dashed one."""
    if person is None or person == "":
        return format_html(
            '<span class="yz-who"><span class="yz-av none" aria-hidden="true"></span><span class="t3">{}</span></span>',
            _("nobody"),
        )
    return person_html(str(person), person.pk == me)
