"""What templates need: built assets, local times, drawn signatures."""

import json
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.contrib.auth import get_user_model
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from yizhan.kernel import clock
from yizhan.kernel.audit_words import words_of
from yizhan.kernel.forms import Problem, dress_field
from yizhan.kernel.web import CAME_FROM, came_from

register = template.Library()
DIST = Path(__file__).resolve().parents[2] / "static" / "dist"


@cache
def manifest() -> dict[str, str]:
    path = DIST / "manifest.json"
    found: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    return found


@register.simple_tag
def asset(name: str) -> str:
    """The address of a built file, its content's digest in the name."""
    return static(manifest().get(name, f"dist/{name}"))


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """One outline icon of the sprite; what it stands for is said in text beside it."""
    return drawn(name, size)


@cache
def drawn(name: str, size: str) -> SafeString:
    return format_html('<svg class="yz-ico {}" aria-hidden="true"><use href="{}#{}"/></svg>', size, asset("icons.svg"), name)


def problem_at(anchor: str, problems: Iterable[Problem] | str) -> Problem | None:
    return next((problem for problem in problems if isinstance(problem, Problem) and problem.anchor == anchor), None)


@register.simple_tag
def refused(anchor: str, problems: Iterable[Problem] | str) -> SafeString:
    """The marks of an entry that a page writes by hand and that was refused."""
    found = problem_at(anchor, problems)
    return format_html(' aria-invalid="true" aria-describedby="{}_error"', anchor) if found else SafeString()


@register.simple_tag
def told(anchor: str, problems: Iterable[Problem] | str) -> SafeString:
    """What is wrong with it, to stand beside it."""
    found = problem_at(anchor, problems)
    return format_html('<span class="err" id="{}_error">{}</span>', anchor, found.told) if found else SafeString()


@register.simple_tag(takes_context=True)
def cancel(context: template.Context, usual: str) -> SafeString:
    """取消 of a form that is a page of its own: back to where one came from, else to where such things are listed."""
    back = came_from(context["request"])
    link = format_html('<a class="btn btn-quiet" href="{}">{}</a>', back or usual, _("Cancel"))
    return link + (format_html('<input type="hidden" name="{}" value="{}">', CAME_FROM, back) if back else SafeString())


@register.filter
def when(moment: datetime | None) -> str:
    """`HH:mm` today, `MM-dd HH:mm` this year, else in full."""
    if moment is None:
        return "–"
    local, today = timezone.localtime(moment, clock.DEFAULT_ZONE), clock.today()
    if local.date() == today:
        return f"{local:%H:%M}"
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"


@register.filter
def full_time(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment, clock.DEFAULT_ZONE):%Y-%m-%d %H:%M}" if moment else "–"


@register.filter
def many(count: int) -> str:
    """A count for a badge: exact up to 999, which is as far as such counts are asked."""
    return str(count) if count < 1000 else "999+"


@register.filter
def cell(value: Any) -> str:
    """A column's value on the screen: times short, empty as a dash."""
    if isinstance(value, datetime):
        return when(value)
    return "–" if value in (None, "") else str(value)


@register.filter
def duration(seconds: int) -> str:
    """Seconds as `m:ss`, an hour and more as `h:mm:ss`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


@register.filter
def initial(name: Any) -> str:
    """What stands in a person's circle."""
    text = str(name or "").strip()
    return text[0].upper() if text else ""


@register.filter
def stroke_path(stroke: list[list[float]]) -> str:
    """One stroke of a drawn signature as an SVG path."""
    return " ".join(f"{'M' if i == 0 else 'L'}{point[0]:.0f} {point[1]:.0f}" for i, point in enumerate(stroke))


@register.filter
def stroke_box(strokes: list[list[list[float]]]) -> str:
    """The viewBox around a drawn signature."""
    xs = [point[0] for stroke in strokes for point in stroke] or [0.0]
    ys = [point[1] for stroke in strokes for point in stroke] or [0.0]
    left, top = min(xs) - 8, min(ys) - 8
    return f"{left:.0f} {top:.0f} {max(xs) - left + 8:.0f} {max(ys) - top + 8:.0f}"


@register.filter
def get(mapping: Any, key: Any) -> Any:
    return mapping.get(key, "") if mapping else ""


@register.filter
def dressed(field: BoundField) -> str:
    """A form's field in our look, also where the form is a library's."""
    dress_field(field.field)
    return str(field)


@register.filter
def person_name(label: str) -> str:
    """Who stands behind an audit row's actor, by name."""
    if not label.startswith("user:"):
        return words_of(label)
    user = get_user_model()._default_manager.filter(pk=label[5:]).first()
    return str(user or label)


@register.filter
def command_words(name: str) -> str:
    """What an audit row's command is called."""
    return words_of(name)
