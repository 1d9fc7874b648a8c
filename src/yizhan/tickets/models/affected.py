from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from yizhan.people.models import Contact
from yizhan.tickets.models.ticket import Ticket


class AffectedUser(models.Model):
    """受影响用户: somebody else whom the same fault keeps from work. No sheet, signature or survey of his own.

    He is told once when the service is restored (`told_at`); the row stays with its ticket.
    """

    AUDIT_PERSONAL = frozenset({"name", "phone", "place"})

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="affected")
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="+")
    name = models.CharField(_("full name"), max_length=80)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    place = models.CharField(_("place"), max_length=80, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ticket", "name", "phone"], name="tickets_affected_once"),
        ]

    def __str__(self) -> str:
        return self.name
