"""The marks that stand in every row of a list: level, state, person. As functions, for a page has hundreds of them."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from yizhan.kernel.templatetags.yizhan import when
from yizhan.tickets.models import Channel, Level, State, SubState, Ticket

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


def option(text: str, before: str = "") -> str:
    return f"{before}{escape(text)}" if text else ""


@register.simple_tag
def ticket_rows(tickets: Iterable[Ticket], me: int | None) -> SafeString:
    """A list's lines. In Python, for a template takes ten times as long for fifty of them (docs/performance.md)."""
    choose, chased, channels = escape(_("Choose")), escape(_("chased")), {str(c.value): escape(c.label) for c in Channel}
    found = []
    for t in tickets:
        number, sub = escape(t.number), option(t.category.name, " · ") if t.category else ""
        if t.remind_count:
            sub += f" · {chased} {t.remind_count}"
        helper = f'<div class="sub">{escape(t.handler)}</div>' if t.handler_id and t.handler_id != t.owner_id else ""
        site, department = option(t.site.name if t.site else ""), option(t.department.name if t.department else "")
        found.append(
            f'<tr><td class="pickcell"><input type="checkbox" name="number" value="{number}" aria-label="{choose} {number}"></td>'
            f'<td class="c-level">{level_badge(t)}</td>'
            f'<td class="c-what"><a class="t" href="/tickets/{number}/">{escape(t.subject)}</a>'
            f'<div class="sub no">{number}{sub}</div></td>'
            f'<td class="c-who">{escape(t.customer)} {site}<div class="sub">{escape(t.requester.name)} {department} · '
            f"{channels[t.channel]}</div></td>"
            f'<td class="c-state">{state_chip(t)}</td><td class="c-owner">{who_chip(t.owner, me)}{helper}</td>'
            f'<td class="c-time no">{when(t.received_at)}</td><td class="c-news no">{when(t.touched_at)}</td></tr>'
        )
    return mark_safe("".join(found))  # noqa: S308 - every word of a person is escaped above
