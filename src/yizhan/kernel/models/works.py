from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from yizhan.kernel.models.attachments import Attachment


class Work(models.Model):
    """One long piece of work for a person: it can be left and found again, and its files with it.

    It waits for its owner's next step (`draft`), runs as a job, and ends done or failed; either
    way nothing is half done. The nightly housekeeping removes it with its files after thirty days.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("waiting for you")
        QUEUED = "queued", _("waiting for its turn")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    kind = models.CharField(max_length=40)
    label = models.CharField(max_length=200)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    params = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    claim = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    source = models.ForeignKey(Attachment, models.SET_NULL, null=True, related_name="+")
    output = models.ForeignKey(Attachment, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("long work")
        verbose_name_plural = _("long works")
        indexes: ClassVar = [models.Index(fields=["owner", "-created_at"], name="kernel_work_owner")]

    def __str__(self) -> str:
        return self.label

    @property
    def percent(self) -> int:
        """How much is done, in steps of five (the bar's classes)."""
        return 5 * round(20 * self.done / self.total) if self.total else 0

    @property
    def is_busy(self) -> bool:
        return self.state in {self.State.QUEUED, self.State.RUNNING}


class ImportMapping(models.Model):
    """Which column of a customer's own sheet means which field: remembered by the sheet's headings."""

    listing = models.CharField(max_length=40)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    headings = models.CharField(max_length=64)
    mapping = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["listing", "owner", "headings"], name="kernel_import_mapping_once"),
        ]

    def __str__(self) -> str:
        return f"{self.listing}: {len(self.mapping)}"
