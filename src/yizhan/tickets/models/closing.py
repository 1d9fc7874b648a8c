"""How a ticket closes: signature, rating, return visit."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from yizhan.people.models import Contact
from yizhan.tickets.models.choices import SignMethod, VisitResult
from yizhan.tickets.models.sheet import ServiceSheet
from yizhan.tickets.models.ticket import Ticket

PEOPLE = settings.AUTH_USER_MODEL


class SignOff(models.Model):
    """One signature (or what stands for it) under one sheet, bound to the sheet's digest.

    A reopened ticket keeps it with `valid=False`; it then speaks of the past only. `collected_by` is who of ours
    held out the screen or the code; `evidence_sha256` digests all that was kept of the act (older rows have none).
    """

    AUDIT_PERSONAL = frozenset({"signer_name", "address", "agent"})

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="sign_offs")
    sheet = models.ForeignKey(ServiceSheet, models.PROTECT, related_name="sign_offs")
    method = models.CharField(max_length=16, choices=SignMethod.choices)
    signer_name = models.CharField(max_length=80, blank=True)
    on_behalf = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    strokes = models.JSONField(default=list)
    sheet_sha256 = models.CharField(max_length=64)
    signed_by = models.ForeignKey(PEOPLE, models.PROTECT, null=True, related_name="+")
    collected_by = models.ForeignKey(PEOPLE, models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField()
    address = models.CharField(max_length=60, blank=True)
    agent = models.CharField(max_length=200, blank=True)
    valid = models.BooleanField(default=True)
    evidence_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ticket"], condition=models.Q(valid=True), name="tickets_one_valid_sign_off"),
        ]

    def __str__(self) -> str:
        return f"{self.sheet_id} {self.method}"


class SignLink(models.Model):
    """A one-time link for the requester to sign, refuse and rate. Only its hash is kept.

    `offered_by` showed it as a code; the links in mails were shown by nobody.
    """

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="sign_links")
    sheet = models.ForeignKey(ServiceSheet, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    offered_by = models.ForeignKey(PEOPLE, models.PROTECT, null=True, related_name="+")
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.ticket_id} … {self.expires_at:%Y-%m-%d}"


class Rating(models.Model):
    """The requester's one opinion of the service. Nobody of the staff has any way to change it."""

    ticket = models.OneToOneField(Ticket, models.PROTECT, related_name="rating")
    contact = models.ForeignKey(Contact, models.PROTECT)
    score = models.PositiveSmallIntegerField(_("score"))
    tags = models.JSONField(default=list)
    comment = models.TextField(blank=True)
    rated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(score__range=(1, 5)), name="tickets_rating_score"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.score}"


class ReturnVisit(models.Model):
    """One follow-up contact after completion. `self_made` ones archive, but leave the visit figures.

    `solved` is what the archive gate reads, `satisfied` what the user thinks of the service.
    """

    AUDIT_PERSONAL = frozenset({"comment"})

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="return_visits")
    result = models.CharField(_("result"), max_length=12, choices=VisitResult.choices)
    solved = models.BooleanField(null=True)
    satisfied = models.BooleanField(null=True)
    comment = models.TextField(blank=True)
    made_by = models.ForeignKey(PEOPLE, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    self_made = models.BooleanField(default=False)
    by_link = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.result}"
