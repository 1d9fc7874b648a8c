"""Our answers to django-allauth: no open sign-up, mail through the outbox, a person's language."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse

from yizhan.kernel import clock
from yizhan.kernel.models import Notice
from yizhan.kernel.notices.outbox import wake
from yizhan.kernel.sealing import seal, unseal
from yizhan.people.models import User
from yizhan.site.account_acts import sessions_ended
from yizhan.site.addresses import client_address


def display(user: User) -> str:
    return user.get_full_name()


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_from_email(self) -> str:
        return str(settings.DEFAULT_FROM_EMAIL)

    def format_email_subject(self, subject: str) -> str:
        return f"[{settings.YIZHAN.provider_name}] {subject}"

    def get_client_ip(self, request: HttpRequest) -> str:
        """Failed sign-ins are counted, and sessions shown, by the same address as everything else."""
        return client_address(request)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The configured address: whoever asks for the mail also writes the Host header."""
        uid, _, token = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
        return f"{settings.YIZHAN.base_url}{path}"

    def render_mail(
        self, template_prefix: str, email: str | list[str], context: dict[str, Any], headers: dict[str, str] | None = None
    ) -> EmailMessage:
        """What opens an account is named, so that the outbox forgets it once the mail has left."""
        site = SimpleNamespace(name=settings.YIZHAN.provider_name, domain=urlsplit(settings.YIZHAN.base_url).netloc)
        message: Any = super().render_mail(template_prefix, email, {**context, "current_site": site}, headers)
        if "key" in context:
            message.secret = f"{context['uid']}-{context['key']}"
        return cast(EmailMessage, message)


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: their secrets are sealed at rest."""

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)


class SessionsAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]
    def end_sessions(self, sessions: Sequence[UserSession]) -> None:
        super().end_sessions(sessions)
        if sessions:
            sessions_ended(context.request, context.request.user, len(sessions))


class OutboxBackend(BaseEmailBackend):
    """Mail that Django and allauth send goes through the same outbox as every notice."""

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        now = clock.now()
        with transaction.atomic():
            for message in messages:
                for address in message.recipients():
                    shown: dict[str, Any] = {
                        "code": "account", "address": address, "subject": str(message.subject)[:300],
                        "body": str(message.body), "secret": getattr(message, "secret", ""),
                    }  # fmt: skip
                    Notice.objects.create(due_at=now, created_at=now, **shown)
            wake()
        return len(messages)
