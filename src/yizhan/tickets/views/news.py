"""The bell, and how each wants to be told."""

import re
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from yizhan.kernel import notices
from yizhan.kernel.errors import Forbidden
from yizhan.kernel.forms import DressedForm
from yizhan.kernel.models import News
from yizhan.kernel.paging import paginate
from yizhan.kernel.web import actor_of
from yizhan.people.models import User
from yizhan.tickets.policies import tickets

SHOWN = 60
NUMBER = re.compile(r"[0-9]{1,18}")
VIEWS = [("all", gettext_lazy("All")), ("unread", gettext_lazy("unread"))]


@require_http_methods(["GET", "HEAD", "POST"])
def bell(request: HttpRequest) -> HttpResponse:
    """My news, newest first, all or the unread ones. To look reads none; “all are read” means those that were shown."""
    actor = actor_of(request)
    mine = News.objects.filter(owner=actor.user_id)
    if request.method == "POST":
        given = request.POST.get("newest", "")
        if NUMBER.fullmatch(given):
            notices.mark_seen(actor=actor, newest=int(given))
        return redirect("news")
    unseen, newest = mine.filter(seen_at=None), mine.aggregate(newest=Max("pk"))["newest"]
    if request.headers.get("HX-Request"):
        return render(request, "tickets/bell.html", {"unseen": unseen.count()})
    view = "unread" if request.GET.get("view") == "unread" else "all"
    page = paginate(unseen if view == "unread" else mine, ("-at", "-id"), limit=SHOWN, cursor=request.GET.get("cursor"))
    context = {"rows": page.items, "next": page.next, "view": view, "views": VIEWS, "unread": unseen.count(), "newest": newest,
               "layout": layout_of(request)}  # fmt: skip
    return render(request, "tickets/news.html", context)


@require_safe
def open_line(request: HttpRequest, pk: int) -> HttpResponse:
    """On to what this line tells of, which reads it."""
    return redirect(notices.open_news(actor=actor_of(request), line=pk))


def layout_of(request: HttpRequest) -> str:
    return "layout/app.html" if tickets.is_staff_somewhere(actor_of(request)) else "layout/portal.html"


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
    if not tickets.is_staff_somewhere(actor):
        raise Forbidden
    known = notices.preference_of(actor.person)
    initial = {"by_mail": known.by_mail, "quiet_from": known.quiet_from, "quiet_until": known.quiet_until}
    form, status = PreferenceForm(request.POST or None, initial=initial), 200
    if request.method == "POST":
        if form.is_valid():
            notices.keep_preference(actor=actor, **form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("notice-preferences")
        status = 422
    address = User.objects.get(pk=actor.person).email
    return render(request, "tickets/preferences.html", {"form": form, "address": address}, status=status)
