from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _


class SearchRow(models.Model):
    """What one audience can find one record by. Written in the record's own transaction, ends with it.

    Public: who may see the record at all. Internal: our own people, the internal words besides. Restricted: those
    of them who may see numbers and addresses of people, these besides.
    """

    class Audience(models.IntegerChoices):
        PUBLIC = 0, _("Public")
        INTERNAL = 1, _("Internal")
        RESTRICTED = 2, _("Restricted")

    object_type = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    audience = models.PositiveSmallIntegerField(choices=Audience.choices)
    customer_id = models.BigIntegerField(null=True)
    number = models.CharField(max_length=60, blank=True)
    title = models.CharField(max_length=255)
    tokens = ArrayField(models.TextField())
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["object_type", "object_id", "audience"], name="kernel_search_once"),
        ]
        indexes: ClassVar = [
            GinIndex(fields=["tokens"], name="kernel_search_tokens"),
            models.Index(fields=["-at", "-id"], name="kernel_search_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.object_type} {self.number}"
