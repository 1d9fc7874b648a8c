from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from yizhan.kernel.models.servers import Claimed


class NoticeTemplate(models.Model):
    """The words of one notice in one language, with named variables only. Edited by the administrator."""

    code = models.SlugField(_("code"), max_length=60)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("body"))
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("notice template")
        verbose_name_plural = _("notice templates")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "language"], name="kernel_notice_template_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.language})"


class Notice(Claimed):
    """One message to one address, in the outbox of the transaction that wanted it.

    It ends sent, or failed after its last try; then it shows on the channel page.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")

    code = models.CharField(max_length=60)
    transport = models.CharField(max_length=20, default="mail")
    sender = models.CharField(max_length=120, blank=True)
    address = models.CharField(max_length=254)
    subject = models.CharField(max_length=300)
    body = models.TextField()
    secret = models.CharField(max_length=100, blank=True)
    headers = models.JSONField(default=dict)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="kernel_notice_due", condition=models.Q(state="pending")),
            models.Index(fields=["code", "address", "-created_at"], name="kernel_notice_recent"),
            models.Index(fields=["-created_at"], name="kernel_notice_failed", condition=models.Q(state="failed")),
        ]

    def __str__(self) -> str:
        return f"{self.code} → {self.address}"
