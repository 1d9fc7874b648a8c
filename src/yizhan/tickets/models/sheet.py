"""The service sheet 事件处理单: what was found, what was done, what came of it."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from yizhan.tickets.models.category import Category
from yizhan.tickets.models.choices import CauseCategory, Mode, Outcome
from yizhan.tickets.models.ticket import Ticket

PEOPLE = settings.AUTH_USER_MODEL


class ServiceSheet(models.Model):
    """One visit's or session's account of the work. Submitted whole; once signed it can never change.

    `content` is the canonical text that `sha256` digests and a signature is bound to.
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="sheets")
    number = models.CharField(max_length=20, unique=True)
    mode = models.CharField(_("mode"), max_length=16, choices=Mode.choices)
    diagnosis = models.TextField(_("diagnosis"))
    cause_category = models.CharField(_("cause"), max_length=16, choices=CauseCategory.choices)
    actions_taken = models.TextField(_("actions taken"))
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices)
    labour_minutes = models.PositiveIntegerField(_("labour, minutes"))
    parts = models.JSONField(_("parts"), default=list)
    category = models.ForeignKey(Category, models.PROTECT, verbose_name=_("category"))
    without_visit = models.BooleanField(default=False)
    submitted_by = models.ForeignKey(PEOPLE, models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField()
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    verify_token = models.CharField(max_length=32, unique=True)
    signed = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(labour_minutes__lte=60 * 24 * 31), name="tickets_sheet_minutes"),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="signed_sheet_stays", operation=pgtrigger.Update | pgtrigger.Delete, condition=pgtrigger.Q(old__signed=True)
            ),
        ]

    def __str__(self) -> str:
        return self.number
