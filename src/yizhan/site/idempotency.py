"""`Idempotency-Key`: a repeated request gets the first answer, another body under the same key is refused.

Who asks, and what he may see now, come first: an answer that he could not get today is not repeated.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import orjson
from django.core.exceptions import SuspiciousOperation
from django.db import IntegrityError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.multipartparser import MultiPartParserError
from django.urls import resolve
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from yizhan.kernel import attachments, clock
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import ATTEMPTS, pause
from yizhan.kernel.errors import TemporaryFailure
from yizhan.kernel.lifecycle.steps import acts_are_named
from yizhan.kernel.models import IdempotencyKey
from yizhan.kernel.resource import all_resources
from yizhan.kernel.sealing import seal, unseal
from yizhan.kernel.web import set_actor
from yizhan.site.api import TokenAuth, on_temporary, on_unreadable, problem

Next = Callable[[HttpRequest], HttpResponseBase]
MAX_KEY = 200
API = "/api/v1/"
REFUSED = {401, 403, 404}


class IdempotencyMiddleware:
    """Around the API only. The key's row is made and locked before the work, and kept only if it succeeded."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        key = request.headers.get("Idempotency-Key", "")
        if not key or not request.path.startswith("/api/") or request.method not in {"POST", "PATCH"}:
            return self.get_response(request)
        actor = TokenAuth()(request)
        if actor is None:
            return self.get_response(request)
        if len(key) > MAX_KEY:
            return problem(request, 422, "bad_idempotency_key", _("The idempotency key is too long."))
        return self.once(request, actor, key)

    def once(self, request: HttpRequest, actor: Actor, key: str) -> HttpResponseBase:
        try:
            digest = digest_of(request)
            look_at_files(request)
        except TemporaryFailure as error:
            return on_temporary(request, error)
        except (MultiPartParserError, SuspiciousOperation, UnicodeError) as error:
            return on_unreadable(request, error)
        named = {"actor": actor.label[:80], "path": f"{request.method} {request.path}"[:200], "key": key}
        for number in range(1, ATTEMPTS + 1):
            try:
                response = self.attempt(request, actor, named, digest)
            except OperationalError as error:  # what the database checks last, at the commit
                response = on_temporary(request, error)
            if number == ATTEMPTS or not getattr(response, "asks_again", False):
                break
            rewind(request)
            pause(number)
        return response

    def attempt(self, request: HttpRequest, actor: Actor, named: dict[str, str], digest: str) -> HttpResponseBase:
        """The work and its remembered answer commit together, or neither does.

        A deadlock comes back as an answer, for nothing that is raised below gets past Django: its transaction is this one,
        so it is undone here and the whole is repeated.
        """
        with transaction.atomic():
            row, made = claimed(named, keyed(digest))
            if not made and row.body_digest not in {keyed(digest), digest}:  # without the key: written by an earlier version
                return problem(request, 422, "idempotency_mismatch", _("This key was used with another body."))
            if not made and row.status and row.answer:
                return self.repeat(request, actor, row.status, row.answer)
            with acts_are_named():
                response = self.get_response(request)
            if isinstance(response, HttpResponse) and response.status_code < 400:
                row.status = response.status_code
                text, kind = response.content.decode(), response.headers["Content-Type"]
                # Sealed: an answer may hold what opens something, a one-time link for one.
                row.answer = {"text": seal(text), "type": kind, "access": access_of(actor)}
                row.save(update_fields=["status", "answer"])
            else:
                transaction.set_rollback(True)
        return response

    def repeat(self, request: HttpRequest, actor: Actor, status: int, answer: dict[str, Any]) -> HttpResponseBase:
        """The first answer, where its reader could get it today.

        His roles are as they were: the record must still be his to see. They have changed: he hears what a new
        request would, and where that is no refusal, that he must read anew, for the answer may hold what is hidden now.
        """
        if answer.get("access") == access_of(actor):
            text = unseal(answer["text"])
            gone = self.refusal_to_read(request, actor, text)
            return gone or HttpResponse(text, status=status, content_type=answer["type"])
        with transaction.atomic():
            tried = self.get_response(request)
            transaction.set_rollback(True)
        if tried.status_code in REFUSED:
            return tried
        return problem(request, 409, "access_changed", _("Your roles have changed since then: read the record again."))

    def refusal_to_read(self, request: HttpRequest, actor: Actor, text: str) -> HttpResponseBase | None:
        """Asks for the record as its own GET would; None where he sees it, or where there is none to ask for."""
        address = record_address(request.path, text)
        if not address:
            return None
        reading = HttpRequest()
        reading.META, reading.method, reading.path, reading.path_info = dict(request.META), "GET", address, address
        set_actor(reading, actor)
        view, given, named = resolve(address)
        shown: HttpResponseBase = view(reading, *given, **named)
        return shown if shown.status_code in REFUSED else None


def claimed(named: dict[str, str], digest: str) -> tuple[IdempotencyKey, bool]:
    """(the locked row of this key, whether it is new). Within the caller's transaction."""
    try:
        with transaction.atomic():
            return IdempotencyKey.objects.create(**named, body_digest=digest, created_at=clock.now()), True
    except IntegrityError:
        return IdempotencyKey.objects.select_for_update().get(**named), False


def digest_of(request: HttpRequest) -> str:
    """What was sent. Of a form with files it is what they say, since each request parts them by another boundary."""
    if request.method != "POST" or request.content_type != "multipart/form-data":
        return hashlib.sha256(request.body).hexdigest()
    fields = sorted(request.POST.lists())
    files = sorted((field, [described(file) for file in sent]) for field, sent in request.FILES.lists())
    rewind(request)
    return hashlib.sha256(json.dumps([fields, files]).encode()).hexdigest()


def keyed(digest: str) -> str:
    """As it is kept, for a day: a body may hold a password, and only this installation's key leads back to it."""
    return salted_hmac("yizhan.idempotency", digest, algorithm="sha256").hexdigest()


def look_at_files(request: HttpRequest) -> None:
    """Before the transaction around the work begins: what a picture's reader takes long for."""
    if request.method == "POST" and request.content_type == "multipart/form-data":
        attachments.check_uploads([file for _name, sent in request.FILES.lists() for file in sent])
        rewind(request)


def described(file: Any) -> tuple[str, int, str]:
    """One file's name, size and content, read piece by piece."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return str(file.name), file.size, digest.hexdigest()


def rewind(request: HttpRequest) -> None:
    """What was sent is read again from its beginning."""
    for _name, files in request.FILES.lists():
        for file in files:
            file.seek(0)


def access_of(actor: Actor) -> str:
    """A digest of all that decides what somebody sees."""
    grants = sorted((grant.role, grant.customer_id or 0) for grant in actor.grants)
    whole = [grants, actor.contact_id, actor.home_customer_id, sorted(actor.team_ids), actor.tier]
    return hashlib.sha256(orjson.dumps(whole)).hexdigest()


def record_address(path: str, text: str) -> str:
    """Where the record of this request is read: by the key in its answer, or in the path of what was done with it."""
    collection, _slash, rest = path.removeprefix(API).partition("/")
    keys = {"tickets": "number"} | {resource.name: resource.key for resource in all_resources() if resource.in_api}
    if collection not in keys:
        return ""
    said = orjson.loads(text)
    own = said.get(keys[collection]) if isinstance(said, dict) and "/" not in rest else None
    key = own or rest.split("/")[0]
    return f"{API}{collection}/{key}" if key else ""
