"""交班, watching, the bell, and how each wants to be told."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yizhan.kernel import clock, notices
from yizhan.kernel.errors import DomainError, Forbidden
from yizhan.kernel.forms import DressedForm
from yizhan.kernel.models import News, NoticePreference
from yizhan.kernel.web import actor_of
from yizhan.people.models import User
from yizhan.tickets.forms import engineer_choices
from yizhan.tickets.models import Handover, State
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.services import handing

SHOWN = 60


@require_http_methods(["GET", "HEAD", "POST"])
def handover_page(request: HttpRequest) -> HttpResponse:
    """What I could hand over and to whom; what waits for my answer; what became of the last ones."""
    actor = actor_of(request)
    if not actor.holds(TicketPermission.QUICK_LOG):
        raise Forbidden
    error, status = "", 200
    if request.method == "POST":
        try:
            row = handing.offer_handover(actor=actor, to=request.POST.get("to", ""), note=request.POST.get("note", ""))
            messages.success(
                request, _("{count} tickets are offered to {name}.").format(count=row.tickets.count(), name=row.receiver)
            )
            return redirect("handover")
        except DomainError as refusal:
            error, status = str(refusal), refusal.status
    mine = tickets.scope(actor, TicketPermission.VIEW).filter(owner=actor.user_id, state=State.IN_PROGRESS)
    rows = Handover.objects.select_related("sender", "receiver").prefetch_related("tickets")
    context = {
        "mine": list(mine.order_by("level", "received_at")[:SHOWN]),
        "offered_to_me": list(rows.filter(receiver=actor.user_id, state=Handover.State.OFFERED)),
        "offered": rows.filter(sender=actor.user_id, state=Handover.State.OFFERED).first(),
        "past": list(rows.filter(sender=actor.user_id).exclude(state=Handover.State.OFFERED).order_by("-made_at")[:5]),
        "people": [choice for choice in engineer_choices(None) if choice[0] != actor.username], "error": error,
        "typed": request.POST,
    }  # fmt: skip
    return render(request, "tickets/handover.html", context, status=status)


@require_POST
def answer_handover(request: HttpRequest, pk: int) -> HttpResponse:
    actor, answer = actor_of(request), request.POST.get("answer", "")
    try:
        if answer == "withdraw":
            handing.withdraw_handover(actor=actor, handover=pk)
        else:
            handing.answer_handover(actor=actor, handover=pk, accept=answer == "accept", reason=request.POST.get("reason", ""))
        messages.success(request, _("Done."))
    except DomainError as refusal:
        if refusal.status in {403, 404}:
            raise
        messages.error(request, str(refusal), extra_tags="hot")
    return redirect("handover")


@require_POST
def watch(request: HttpRequest, number: str) -> HttpResponse:
    handing.watch_ticket(actor=actor_of(request), number=number, on=request.POST.get("on") == "1")
    return redirect("ticket", number=number)


@require_safe
def bell(request: HttpRequest) -> HttpResponse:
    """My news, newest first; opening the page has them seen."""
    actor = actor_of(request)
    rows = list(News.objects.filter(owner=actor.user_id).order_by("-at", "-id")[:SHOWN])
    if request.headers.get("HX-Request"):
        return render(request, "tickets/bell.html", {"unseen": sum(row.seen_at is None for row in rows)})
    response = render(request, "tickets/news.html", {"rows": rows, "layout": layout_of(request)})
    News.objects.filter(owner=actor.user_id, seen_at=None).update(seen_at=clock.now())
    return response


def layout_of(request: HttpRequest) -> str:
    return "layout/app.html" if tickets.is_staff(actor_of(request)) else "layout/portal.html"


class PreferenceForm(DressedForm):
    """Which news also by mail, and when not."""

    by_mail = forms.MultipleChoiceField(label=gettext_lazy("Also by mail"), required=False, widget=forms.CheckboxSelectMultiple)
    quiet_from = forms.TimeField(
        label=gettext_lazy("No mail from"), required=False, widget=forms.TimeInput(attrs={"type": "time"})
    )
    quiet_until = forms.TimeField(label=gettext_lazy("until"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["by_mail"] = forms.MultipleChoiceField(
            label=gettext_lazy("Also by mail"), required=False, widget=forms.CheckboxSelectMultiple,
            choices=[(kind.code, kind.label) for kind in notices.news_kinds()],
        )  # fmt: skip
        self.order_fields(["by_mail", "quiet_from", "quiet_until"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("quiet_from")) != bool(data.get("quiet_until")):
            raise forms.ValidationError(_("Quiet hours have a beginning and an end."))
        return data


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    if not tickets.is_staff(actor):
        raise Forbidden
    known = NoticePreference.objects.filter(owner=actor.user_id).first()
    usual = [kind.code for kind in notices.news_kinds() if kind.mailed]
    initial = {
        "by_mail": known.by_mail if known else usual, "quiet_from": known.quiet_from if known else None,
        "quiet_until": known.quiet_until if known else None,
    }  # fmt: skip
    form, status = PreferenceForm(request.POST or None, initial=initial), 200
    if request.method == "POST":
        if form.is_valid():
            keep_preferences(request, form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("notice-preferences")
        status = 422
    address = User.objects.get(pk=actor.person).email
    return render(request, "tickets/preferences.html", {"form": form, "address": address}, status=status)


def keep_preferences(request: HttpRequest, data: dict[str, Any]) -> None:
    NoticePreference.objects.update_or_create(owner_id=actor_of(request).person, defaults=data)
