from typing import ClassVar

from django.conf import settings
from django.db import models


class Attachment(models.Model):
    """One uploaded file of a customer. Its content is stored once per customer and digest.

    It begins without an owner and is swept after 24 hours unless a record takes it; it
    ends with its owner.
    """

    customer_id = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    content_type = models.CharField(max_length=120)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT)
    created_at = models.DateTimeField()
    owner_type = models.CharField(max_length=40, blank=True)
    owner_id = models.BigIntegerField(null=True, blank=True)
    part_id = models.BigIntegerField(null=True, blank=True)
    internal = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["owner_type", "owner_id"], name="kernel_attachment_owner"),
            models.Index(fields=["created_at"], name="kernel_attachment_orphan", condition=models.Q(owner_type="")),
            models.Index(fields=["customer_id", "sha256"], name="kernel_attachment_content"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> str:
        """Where the content lies below the storage's root."""
        return f"{self.customer_id}/{self.sha256[:2]}/{self.sha256}"

    @property
    def is_image(self) -> bool:
        return self.content_type in {"image/png", "image/jpeg", "image/gif", "image/webp"}
