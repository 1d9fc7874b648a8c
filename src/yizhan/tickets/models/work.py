"""Work in the field and at a distance, with its times."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from yizhan.tickets.models.choices import Proof
from yizhan.tickets.models.ticket import Ticket

PEOPLE = settings.AUTH_USER_MODEL


class Visit(models.Model):
    """One trip to the user: left for it, arrived, left again. It ends when the engineer leaves."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="visits")
    engineer = models.ForeignKey(PEOPLE, models.PROTECT, related_name="+")
    departed_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)
    proof = models.CharField(_("proof of arrival"), max_length=10, choices=Proof.choices, default=Proof.NONE)
    proof_note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(departed_at__isnull=False) | models.Q(arrived_at__isnull=False),
                name="tickets_visit_began",
            ),
            models.UniqueConstraint(
                fields=["ticket", "engineer"], condition=models.Q(left_at=None), name="tickets_visit_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} @ {self.arrived_at or self.departed_at}"


class RemoteSession(models.Model):
    """One remote session: which tool, which session number, when."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="remote_sessions")
    engineer = models.ForeignKey(PEOPLE, models.PROTECT, related_name="+")
    tool = models.CharField(_("tool"), max_length=60)
    session = models.CharField(_("session number"), max_length=80, blank=True)
    started_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.tool} {self.session}"
