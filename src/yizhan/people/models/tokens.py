from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from yizhan.people.models.staff import User


class ApiToken(models.Model):
    """A key to the REST API that may do all that its user may. Only its hash is kept; it ends by date or revocation."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens", verbose_name=_("user"))
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="people_token_expiry")]

    def __str__(self) -> str:
        return f"{self.user} … {self.expires_at:%Y-%m-%d}"
