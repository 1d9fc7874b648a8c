"""What people keep about lists."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class SavedView(models.Model):
    """A list's filters and columns under a name. Its owner changes or deletes it; a shared one is everybody's to use.

    It holds conditions, never rows: whoever opens it sees what his own scope allows. The one without
    a name holds the columns that its owner wants to see where no view is chosen.
    """

    listing = models.CharField(max_length=40)
    name = models.CharField(_("name"), max_length=40, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    shared = models.BooleanField(_("shared"), default=False)
    query = models.CharField(max_length=1000, blank=True)
    columns = ArrayField(models.CharField(max_length=60), default=list)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["listing", "owner", "name"], name="kernel_saved_view_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["listing"], name="kernel_saved_view_shared", condition=models.Q(shared=True)),
        ]

    def __str__(self) -> str:
        return self.name
