from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

PEOPLE = settings.AUTH_USER_MODEL


class Invitation(models.Model):
    """A one-time link by which a new person sets his first password. Only its hash is kept.

    It ends used, withdrawn (also by a newer one) or expired; a person has one open invitation at most.
    """

    user = models.ForeignKey(PEOPLE, models.CASCADE, related_name="invitations", verbose_name=_("user"))
    digest = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(PEOPLE, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(used_at=None, withdrawn_at=None), name="people_one_open_invitation"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} … {self.expires_at:%Y-%m-%d}"
