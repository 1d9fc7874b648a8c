"""A person's long works: the list, and each with its progress, question or result."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from yizhan.kernel.errors import Conflict, NotFound
from yizhan.kernel.models import Work
from yizhan.kernel.web import actor_of
from yizhan.kernel.works.questions import question_of


def own_work(request: HttpRequest, pk: int) -> Work:
    work = Work.objects.select_related("source", "output").filter(pk=pk, owner=actor_of(request).user_id).first()
    if work is None:
        raise NotFound
    return work


@require_safe
def work_list(request: HttpRequest) -> HttpResponse:
    rows = Work.objects.filter(owner=actor_of(request).user_id).select_related("output").order_by("-created_at")[:50]
    return render(request, "kernel/works.html", {"works": list(rows)})


@require_http_methods(["GET", "HEAD", "POST"])
def work_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Busy: its progress, asked again every second. Draft: its question. Else what came of it."""
    work = own_work(request, pk)
    template, ask, answer = question_of(work.kind)
    if request.method == "POST":
        if work.state != Work.State.DRAFT or answer is None:
            raise Conflict(NotFound().message, code="not_waiting")
        answer(work, request)
        return redirect("work", pk=pk)
    context: dict[str, Any] = {"work": work, "question": template}
    if work.state == Work.State.DRAFT and ask is not None:
        context |= ask(work, actor_of(request))
    part = "kernel/work_progress.html" if request.headers.get("HX-Request") and work.is_busy else "kernel/work.html"
    response = render(request, part, context)
    if request.headers.get("HX-Request") and not work.is_busy:
        response = HttpResponse(status=200)
        response.headers["HX-Refresh"] = "true"
    return response
