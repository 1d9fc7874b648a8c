"""Django's own checks of every life: what a transition names by strings is there, and fits."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.urls import get_resolver
from pydantic import ValidationError

from yizhan.kernel.lifecycle.bodies import body_of
from yizhan.kernel.lifecycle.declaration import LIVES, Life, Transition
from yizhan.kernel.lifecycle.forms import VERSION, form_of


@register
def lives_are_whole(**_options: Any) -> list[CheckMessage]:
    """A command, a body whose example fits it, and a form or page wherever the body asks something."""
    lines: list[CheckMessage] = [
        Error(f"{life.__name__}.{transition}: {fault}", id="lifecycle.E001")
        for life in LIVES
        for transition in life.transitions.values()
        for fault in faults(transition)
    ]
    return lines + [Error(f"{life.__name__}: {fault}", id="lifecycle.E002") for life in LIVES for fault in strange_states(life)]


def strange_states(life: type[Life[Any]]) -> Iterator[str]:
    """States that only one of both knows: the life, or the choices of the field that holds them."""
    field: Any = life.policy.model._meta.get_field(life.state)
    known = {str(value) for value, _label in field.flatchoices}
    named = life.states() | {str(state) for state in life.editable or ()}
    if known and named != known:
        yield f"the states of {field} are not those of its transitions: {', '.join(sorted(named ^ known))}"


def faults(transition: Transition) -> Iterator[str]:
    try:
        transition.called()
        body, form = body_of(transition), form_of(transition)
    except (ImportError, AttributeError, TypeError) as error:
        yield str(error)
        return
    extra: Any = body.model_config.get("json_schema_extra") or {}
    try:
        body.model_validate(extra.get("example", {}))
    except ValidationError as error:
        yield f"the example does not fit the body: {error}"
    asked = set(body.model_fields) - {VERSION}
    if asked and form is None and not transition.page:
        yield "the body asks something, but there is no form and no page"
    if form is not None and not asked:
        yield "there is a form, but the body asks nothing"
    unknown = set(form.base_fields) - set(body.model_fields) if form is not None else set()
    if unknown:
        yield f"the form asks what the body does not know: {', '.join(sorted(unknown))}"
    if transition.page and transition.page not in set(get_resolver().reverse_dict):
        yield f"there is no page {transition.page!r}"
