from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class News(models.Model):
    """One line in a person's bell: what happened that he should know. It ends seen, and is removed after sixty days."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    code = models.CharField(max_length=60)
    text = models.CharField(max_length=300)
    url = models.CharField(max_length=200)
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["owner", "-at"], name="kernel_news_owner"),
            models.Index(fields=["owner"], name="kernel_news_unseen", condition=models.Q(seen_at=None)),
        ]

    def __str__(self) -> str:
        return self.text


class NoticePreference(models.Model):
    """How a person wants to be told: which news also by mail, and between which hours no mail at all (local time)."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notice_preference")
    by_mail = ArrayField(models.CharField(max_length=60), default=list)
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.owner_id}: {', '.join(self.by_mail)}"
