"""The telephone: lines of call-centre software, and every call as it told us."""

from datetime import UTC, datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from yizhan.kernel.clock import seconds_between
from yizhan.people.models import Contact, Customer
from yizhan.tickets.models import Ticket

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class PhoneLine(models.Model):
    """One source of call news, with the secret that signs them. It ends by `active=False`; its calls stay."""

    name = models.SlugField(_("name"), max_length=40, unique=True)
    sealed_secret = models.TextField()
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, blank=True, verbose_name=_("customer"))
    active = models.BooleanField(_("active"), default=True)
    heard_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("phone line")
        verbose_name_plural = _("phone lines")

    def __str__(self) -> str:
        return self.name


class Call(models.Model):
    """One telephone call. A missed one waits until somebody has called back (or says why not)."""

    AUDIT_PERSONAL = frozenset({"number"})

    class State(models.TextChoices):
        RINGING = "ringing", _("ringing")
        ANSWERED = "answered", _("answered")
        ENDED = "ended", _("ended")
        MISSED = "missed", _("missed")

    line = models.ForeignKey(PhoneLine, models.PROTECT)
    source_id = models.CharField(max_length=100)
    number = models.CharField(_("number"), max_length=30, blank=True)
    called = models.CharField(max_length=30, blank=True)
    outgoing = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RINGING)
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, verbose_name=_("customer"))
    contact = models.ForeignKey(Contact, models.PROTECT, null=True)
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    recording = models.URLField(max_length=500, blank=True)
    ticket = models.ForeignKey(Ticket, models.PROTECT, null=True, related_name="+")
    returned_at = models.DateTimeField(null=True)
    returned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    return_note = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["line", "source_id"], name="channels_call_once"),
            models.CheckConstraint(
                condition=models.Q(started_at__gte=EPOCH)
                & (models.Q(answered_at=None) | models.Q(answered_at__gte=EPOCH))
                & (models.Q(ended_at=None) | models.Q(ended_at__gte=EPOCH)),
                name="channels_call_times",
                violation_error_message=_("No call has a time like this."),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-started_at", "-id"], name="channels_call_newest"),
            models.Index(
                fields=["started_at"], name="channels_call_missed", condition=models.Q(state="missed", returned_at=None)
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def seconds(self) -> int | None:
        """How long they spoke."""
        return seconds_between(self.answered_at, self.ended_at) if self.answered_at and self.ended_at else None

    @property
    def waits(self) -> bool:
        return self.state == self.State.MISSED and self.returned_at is None


class CallNews(models.Model):
    """One signed message about a call, kept raw; its key makes sure that it counts once."""

    key = models.CharField(max_length=64, unique=True)
    line = models.ForeignKey(PhoneLine, models.PROTECT)
    raw_at = models.DateTimeField()
    raw_id = models.BigIntegerField()
    call = models.ForeignKey(Call, models.PROTECT, null=True)
    reason = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.key[:12]
