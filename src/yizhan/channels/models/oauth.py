from django.db import models
from django.utils.translation import gettext_lazy as _

from yizhan.channels.models.mail import Mailbox


class MailGrant(models.Model):
    """What a provider granted for a mailbox that is opened without a password (OAuth 2.0).

    The endpoints and the client stand here from the beginning; the sealed tokens come when
    an administrator has signed in at the provider, and change whenever they are refreshed.
    """

    mailbox = models.OneToOneField(Mailbox, models.CASCADE, related_name="grant")
    authorize_url = models.URLField(_("Sign-in address"), max_length=300)
    token_url = models.URLField(_("Token address"), max_length=300)
    scope = models.CharField(_("scope"), max_length=500, blank=True)
    client_id = models.CharField(_("Client ID"), max_length=200)
    sealed_client_secret = models.TextField(blank=True)
    sealed_refresh_token = models.TextField(blank=True)
    sealed_access_token = models.TextField(blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("mailbox grant")
        verbose_name_plural = _("mailbox grants")

    def __str__(self) -> str:
        return self.client_id
