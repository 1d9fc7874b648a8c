"""`Idempotency-Key`: a repeated request gets the first answer, another body under the same key is refused."""

import hashlib
import time
from collections.abc import Callable

from django.db import IntegrityError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from psycopg import errors as pg

from yizhan.kernel import audit, clock
from yizhan.kernel.commands import ATTEMPTS
from yizhan.kernel.models import IdempotencyKey
from yizhan.kernel.web import actor_of
from yizhan.site.api import problem

Next = Callable[[HttpRequest], HttpResponseBase]
MAX_KEY = 200


class IdempotencyMiddleware:
    """Around the API only. The key's row is made and locked before the work, and kept only if it succeeded."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        key = request.headers.get("Idempotency-Key", "")
        if not key or not request.path.startswith("/api/") or request.method not in {"POST", "PATCH"}:
            return self.get_response(request)
        if len(key) > MAX_KEY:
            return problem(request, 422, "bad_idempotency_key", _("The idempotency key is too long."))
        return self.once(request, key)

    def once(self, request: HttpRequest, key: str) -> HttpResponseBase:
        token = hashlib.sha256(request.headers.get("Authorization", "").encode()).hexdigest()
        digest = hashlib.sha256(request.body).hexdigest()
        named = {"actor": token[:80], "path": f"{request.method} {request.path}"[:200], "key": key}
        for attempt in range(1, ATTEMPTS + 1):
            try:
                response = self.attempt(request, named, digest)
            except OperationalError as error:
                if attempt == ATTEMPTS or not isinstance(error.__cause__, pg.DeadlockDetected | pg.SerializationFailure):
                    raise
                time.sleep(0.02 * 2**attempt)
            else:
                break
        if response.status_code == 403:
            audit.record_refusal(actor_of(request), f"{request.method} {request.path}"[:200])
        return response

    def attempt(self, request: HttpRequest, named: dict[str, str], digest: str) -> HttpResponseBase:
        """The work and its remembered answer commit together, or neither does."""
        with transaction.atomic():
            row, made = self.lock(named, digest)
            if not made and row.body_digest != digest:
                return problem(request, 422, "idempotency_mismatch", _("This key was used with another body."))
            if not made and row.status and row.answer:
                return HttpResponse(row.answer["text"], status=row.status, content_type=row.answer["type"])
            response = self.get_response(request)
            if isinstance(response, HttpResponse) and response.status_code < 400:
                row.status = response.status_code
                row.answer = {"text": response.content.decode(), "type": response.headers["Content-Type"]}
                row.save(update_fields=["status", "answer"])
            else:
                transaction.set_rollback(True)
        return response

    def lock(self, named: dict[str, str], digest: str) -> tuple[IdempotencyKey, bool]:
        try:
            with transaction.atomic():
                return IdempotencyKey.objects.create(**named, body_digest=digest, created_at=clock.now()), True
        except IntegrityError:
            return IdempotencyKey.objects.select_for_update().get(**named), False
