from django.db import models


class ForeignServer(models.Model):
    """One server of somebody else's that failed to answer once. `retry_at` is set while it is left alone."""

    key = models.CharField(max_length=300, unique=True)
    failures = models.PositiveSmallIntegerField(default=0)
    down_since = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.key


class Claimed(models.Model):
    """A row that workers take for themselves (`kernel.claims`). `held_until` keeps others away, also between two attempts."""

    claim = models.CharField(max_length=32, blank=True)
    held_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
