"""A page that answers a form has an address of its own: what a browser comes back to, it may ask for again.

Without one it lies in the history as the form that was sent, and to come back to it the browser would have to send that
again or to have kept the page on its disk, where nothing of ours stays. So the page is kept here for a while, sealed, for
the browser and the person that it was made for, and the browser is led to it. Whose roles have changed since then, or who
comes too late, gets what is there now; and what is true only for the moment (`passing`) is not kept.
"""

import base64
import secrets
import zlib
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import TypeGuard

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from yizhan.kernel import clock
from yizhan.kernel.models import IdempotencyKey
from yizhan.kernel.sealing import seal, unseal
from yizhan.kernel.web import actor_of
from yizhan.site.idempotency import access_of, keyed

NAME, PATH = "kept", "a form's page"
KEPT = timedelta(minutes=15)
MOST_KEPT, MOST_OF_STRANGERS, LARGEST = 20, 200, 2 * 2**20
# What every browser says when it goes to a page, and no script of ours when it asks for one.
GOES_TO_A_PAGE = "application/xhtml+xml"


class KeptPagesMiddleware:
    """Around everything that answers forms: the page is shown at `?kept=…`, and when it is gone, the address's own page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        name = taken_off(request)
        to_page = GOES_TO_A_PAGE in request.headers.get("Accept", "") and not request.path.startswith("/api/")
        if name and to_page and request.method in {"GET", "HEAD"}:
            return kept_page(request, name) or self.get_response(request)
        response = self.get_response(request)
        if to_page and request.method == "POST" and is_page(response) and settings.CSRF_COOKIE_NAME in request.COOKIES:
            return led_to(request, response)
        if request.method == "POST" and is_taken(response) and settings.CSRF_COOKIE_NAME in request.COOKIES:
            kept_rows(request).filter(answer__place=request.path).delete()
        return response


def taken_off(request: HttpRequest) -> str:
    """The page's name; no view hears of it, nor does an address that a view builds from this one."""
    if NAME not in request.GET:
        return ""
    query = request.GET.copy()
    name = str(query.pop(NAME)[-1])
    request.GET = query  # type: ignore[assignment]
    request.META["QUERY_STRING"] = query.urlencode()
    return name


def is_page(response: HttpResponseBase) -> TypeGuard[HttpResponse]:
    return (
        isinstance(response, HttpResponse)
        and response.headers.get("Content-Type", "").startswith("text/html")
        and not 300 <= response.status_code < 400
        and response.status_code < 500
        and not getattr(response, "passing", False)
        and len(response.content) <= LARGEST
    )


def is_taken(response: HttpResponseBase) -> bool:
    """The form was carried out, and its writer is led on: who comes back finds no filled form to send once more."""
    return response.status_code == HTTPStatus.FOUND


def kept_rows(request: HttpRequest) -> QuerySet[IdempotencyKey]:
    """What is kept for this person in this browser."""
    return IdempotencyKey.objects.filter(actor=actor_of(request).label[:80], path=PATH, body_digest=owner_of(request))


def owner_of(request: HttpRequest) -> str:
    """This person in this browser: signed out, or somebody else, he is another one."""
    return keyed(f"{actor_of(request).label} {request.COOKIES.get(settings.CSRF_COOKIE_NAME, '')}")


def led_to(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Keep the page, forget those that nobody comes back to any more, and lead the browser to it."""
    actor, name, now = actor_of(request), secrets.token_urlsafe(16), clock.now()
    text = base64.b64encode(zlib.compress(response.content)).decode()
    answer = {"text": seal(text), "headers": dict(response.headers.items()), "access": access_of(actor), "place": request.path}
    kept = IdempotencyKey.objects.filter(actor=actor.label[:80], path=PATH)
    kept.filter(created_at__lt=now - KEPT).delete()
    room = MOST_OF_STRANGERS if actor.user_id is None else MOST_KEPT
    kept.filter(pk__in=list(kept.order_by("-pk").values_list("pk", flat=True)[room - 1 :])).delete()
    IdempotencyKey.objects.create(
        actor=actor.label[:80], path=PATH, key=keyed(name), body_digest=owner_of(request), status=response.status_code,
        answer=answer, created_at=now,
    )  # fmt: skip
    query = request.GET.copy()
    query[NAME] = name
    leading = redirect(f"{request.path}?{query.urlencode()}")
    leading.status_code = HTTPStatus.SEE_OTHER
    leading.cookies = response.cookies
    return leading


def kept_page(request: HttpRequest, name: str) -> HttpResponse | None:
    row = kept_rows(request).filter(key=keyed(name), created_at__gte=clock.now() - KEPT).first()
    if row is None or row.answer is None or row.answer["access"] != access_of(actor_of(request)):
        return None
    content = zlib.decompress(base64.b64decode(unseal(row.answer["text"])))
    return HttpResponse(content, status=row.status, headers=row.answer["headers"])
