"""A page's form that reaches us twice is carried out once.

Without network a form waits in the browser; who goes back meanwhile finds his draft again and may send it once more.
The draft carries a key (frontend/drafts.js). The same words under the same key get the first answer's address.
That they were carried out commits with the work itself: a process that is killed before its answer is known leaves
a form that nobody carries out again.
"""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yizhan.kernel import clock, commands
from yizhan.kernel.errors import Conflict
from yizhan.kernel.models import IdempotencyKey
from yizhan.kernel.web import CAME_FROM, actor_of
from yizhan.site.idempotency import claimed, described, keyed, rewind
from yizhan.site.middleware import error_page
from yizhan.tickets.models import Ticket

KEY = re.compile(r"[0-9a-f]{32}")
UNDER_WAY = timedelta(seconds=60)
# What another copy of the same page says otherwise, though the person wrote the same.
NOT_WRITTEN = {"csrfmiddlewaretoken", "version", "seen", "draft", "draft_key", CAME_FROM}
BUSY = _("This is being saved already. Look again in a few seconds.")
DONE = _("This had been saved already; it was not carried out twice.")


class OnceMiddleware:
    """Around forms that carry a draft's key. The claim is made before the work and kept only if the form was taken."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with commands.beside(lambda made: carried_out(request, made)):
            response = self.get_response(request)
        claim: IdempotencyKey | None = getattr(request, "form_claim", None)
        if claim is not None:
            own = IdempotencyKey.objects.filter(pk=claim.pk, created_at=claim.created_at)
            if response.status_code == HTTPStatus.FOUND:
                own.update(status=response.status_code, answer={"to": response.headers["Location"]})
            else:
                own.exclude(status=HTTPStatus.ACCEPTED).delete()  # refused; what was carried out before an error stays so
        return response

    def process_view(self, request: HttpRequest, *_args: Any) -> HttpResponse | None:
        if request.method != "POST" or request.path.startswith("/api/") or actor_of(request).user_id is None:
            return None
        key = request.POST.get("draft_key", "")
        if not KEY.fullmatch(key):
            return None
        claim, made = claim_of(request, key)
        if made:
            request.form_claim = claim  # type: ignore[attr-defined]
        elif claim.answer and (claim.status == HTTPStatus.FOUND or lapsed(claim)):
            if claim.status == HTTPStatus.ACCEPTED:
                messages.info(request, DONE)
            return redirect(claim.answer["to"])
        else:
            busy = error_page(request, HTTPStatus.CONFLICT, str(BUSY))
            busy.passing = True  # type: ignore[attr-defined]
            return busy
        return None


def carried_out(request: HttpRequest, made: object) -> None:
    """With the work of a form, whose answer is not known yet: that it was done, and where its writer finds it.

    Raises:
        Conflict: it took so long that another request took it over; what this one did is undone.
    """
    claim: IdempotencyKey | None = getattr(request, "form_claim", None)
    if claim is not None:
        to = reverse("ticket", args=[made.number]) if isinstance(made, Ticket) else request.path
        own = IdempotencyKey.objects.filter(pk=claim.pk, created_at=claim.created_at)
        if not own.update(status=HTTPStatus.ACCEPTED, answer={"to": to}):
            raise Conflict(BUSY, code="taken_over")


def lapsed(claim: IdempotencyKey) -> bool:
    """Whether its first request has had its time: its process was killed, or something holds it up for ever."""
    return clock.now() - claim.created_at >= UNDER_WAY


def claim_of(request: HttpRequest, key: str) -> tuple[IdempotencyKey, bool]:
    """(the row of these words under this key, whether the work is this request's): a first one, or one that came to no end."""
    digest = written(request)
    named = {"actor": actor_of(request).label[:80], "path": f"form {request.path}"[:200], "key": f"{key} {digest}"}
    with transaction.atomic():
        row, new = claimed(named, digest)
        if new:
            return row, True
        if row.status or not lapsed(row):
            return row, False
        row.created_at = clock.now()
        row.save(update_fields=["created_at"])
        return row, True


def written(request: HttpRequest) -> str:
    """A digest of what the person wrote and added, of a file by its content: two photos may have one name and one size.

    It is kept for a day, and a form may hold a password: only this installation's key leads from one to the other.
    """
    fields = sorted((name, values) for name, values in request.POST.lists() if name not in NOT_WRITTEN)
    files = sorted((name, [described(file) for file in sent]) for name, sent in request.FILES.lists())
    rewind(request)
    return keyed(json.dumps([fields, files]))
