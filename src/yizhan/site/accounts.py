"""Our answers to django-allauth: no open sign-up, mail through the outbox, a person's language."""

from collections.abc import Sequence
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.http import HttpRequest

from yizhan.kernel import clock
from yizhan.kernel.models import Notice
from yizhan.kernel.notices.outbox import wake
from yizhan.kernel.sealing import seal, unseal
from yizhan.people.models import User


def display(user: User) -> str:
    return user.get_full_name()


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_from_email(self) -> str:
        return str(settings.DEFAULT_FROM_EMAIL)


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: their secrets are sealed at rest."""

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)


class OutboxBackend(BaseEmailBackend):
    """Mail that Django and allauth send goes through the same outbox as every notice."""

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        now = clock.now()
        with transaction.atomic():
            for message in messages:
                for address in message.recipients():
                    shown: dict[str, Any] = {
                        "code": "account", "address": address, "subject": str(message.subject)[:300],
                        "body": str(message.body),
                    }  # fmt: skip
                    Notice.objects.create(due_at=now, created_at=now, **shown)
            wake()
        return len(messages)
