"""The actions of a record with a life on its standard page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import DomainError, Forbidden, Invalid, NotFound
from yizhan.kernel.forms import problems_of, put_refusal
from yizhan.kernel.lifecycle import Life, Transition
from yizhan.kernel.lifecycle.bodies import checked_body, perform
from yizhan.kernel.lifecycle.buttons import button
from yizhan.kernel.lifecycle.forms import ActionForm, form_of
from yizhan.kernel.resource.declaration import Resource, value_of
from yizhan.kernel.web import actor_of, takes_form

Show = Callable[..., HttpResponse]
OWN_IDS = "do_%s"  # the record's own form stands on the same page


def life_context(resource: Resource[Any], actor: Actor, record: Any) -> dict[str, Any]:
    """Where the record is, what nobody enters, and what the actor may do now."""
    if record is None:
        return {}
    hidden = resource.policy.hidden_of(actor, record)
    named = [(resource.heading(name), value_of(record, name)) for name in resource.read_only if name not in hidden]
    facts = [(label, value) for label, value in named if value not in (None, "")]
    if resource.life is None:
        return {"facts": facts}
    found = resource.life.actions_for(actor, record)
    return {
        "facts": facts,
        "state": resource.life.state_words(record),
        "buttons": [button(transition, record.pk, do_address(resource, record, transition.action)) for transition in found],
    }


def do_address(resource: Resource[Any], record: Model, action: str) -> str:
    return reverse(resource.url_name("do"), args=[record.pk, action])


def asked_context(resource: Resource[Any], record: Model, transition: Transition, form: ActionForm) -> dict[str, Any]:
    """An action's form, open in the page."""
    return {
        "do": transition.action, "do_form": form, "do_label": transition.label,
        "do_address": do_address(resource, record, transition.action),
        "do_back": reverse(resource.url_name("detail"), args=[record.pk]),
        "do_draft": f"{resource.name}-{record.pk}-{transition}",
    }  # fmt: skip


def open_form(resource: Resource[Any], actor: Actor, record: Any, action: str) -> dict[str, Any]:
    """The form that `?do=` asks for, where the actor may do this now."""
    transition = resource.life.transitions.get(action) if resource.life and record is not None else None
    asks = form_of(transition) if transition is not None else None
    if resource.life is None or transition is None or asks is None:
        return {}
    if transition not in resource.life.actions_for(actor, record):
        return {}
    return asked_context(resource, record, transition, asks(record=record, auto_id=OWN_IDS))


def do_view(resource: Resource[Any], life: type[Life[Any]], show: Show) -> Callable[..., HttpResponse]:
    """Takes an action's form; `show` draws the record's page again where it is refused."""

    def page_of(request: HttpRequest, pk: int, action: str) -> str:
        return f"{reverse(resource.url_name('detail'), args=[pk])}?{urlencode({'do': action})}"

    @takes_form(page_of)
    def do_action(request: HttpRequest, pk: int, action: str) -> HttpResponse:
        actor, transition = actor_of(request), life.transitions.get(action)
        record: Any = resource.policy.find(actor, resource.view, pk=pk)
        if transition is None:
            raise NotFound
        if not life.allows(actor, transition, record):
            raise Forbidden
        asks = form_of(transition)
        form = asks(request.POST, record=record, auto_id=OWN_IDS) if asks is not None else None
        try:
            if form is not None and not form.is_valid():
                raise Invalid(_("Some fields are not right."))
            version = request.POST.get("version", "")
            seen = {"version": int(version)} if version.isascii() and version.isdigit() and len(version) < 10 else {}
            given = form.body() if form is not None else seen
            perform(transition, actor, getattr(record, life.key), checked_body(transition, given))
        except DomainError as error:
            if form is None:
                messages.error(request, str(error), extra_tags="hot")
                return show(request, pk, status=error.status)
            if not form.errors:
                put_refusal(form, error)
            return show(
                request, pk, status=error.status, problems=problems_of(form), **asked_context(resource, record, transition, form)
            )
        messages.success(request, f"{transition.label} ✓")
        return redirect(resource.url_name("detail"), pk=pk)

    return do_action
