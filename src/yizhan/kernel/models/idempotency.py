from typing import ClassVar

from django.db import models


class IdempotencyKey(models.Model):
    """An answer that may be asked for again: to a request with an `Idempotency-Key`, to a form. Ends after 24 hours at most."""

    actor = models.CharField(max_length=80)
    path = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    body_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["actor", "path", "key"], name="kernel_idempotency_once"),
        ]

    def __str__(self) -> str:
        return self.key
