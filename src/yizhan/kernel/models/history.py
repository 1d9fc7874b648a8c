"""What happened: the audit and the stored events. Both are partitioned by month and only ever grow."""

from django.db import models


class AuditEntry(models.Model):
    """One command done, or one refused. It never ends: UPDATE, DELETE and TRUNCATE are forbidden by trigger.

    It holds no personal value: people by id, personal fields as keyed hashes, long texts by
    digest (the text itself is in `AuditText`). `digest` chains the entries of one object, of which this
    is number `position`; `version` says how it was computed (`kernel.chains`).
    """

    pk = models.CompositePrimaryKey("at", "id")
    id = models.BigIntegerField()
    at = models.DateTimeField()
    actor = models.TextField()
    command = models.TextField()
    outcome = models.TextField()
    object_type = models.TextField()
    object_id = models.BigIntegerField(null=True)
    before = models.JSONField()
    after = models.JSONField()
    address = models.TextField()
    request_id = models.TextField()
    previous = models.TextField()
    digest = models.TextField()
    position = models.BigIntegerField(default=0)
    version = models.SmallIntegerField(default=1)

    class Meta:
        managed = False
        db_table = "kernel_audit"

    def __str__(self) -> str:
        return f"{self.command} {self.object_type}/{self.object_id}"


class StoredEvent(models.Model):
    """One fact that the apps above may react to. Live pages resume by `xact`, since ids commit out of order."""

    pk = models.CompositePrimaryKey("at", "id")
    id = models.BigIntegerField()
    at = models.DateTimeField()
    xact = models.BigIntegerField()
    type = models.TextField()
    version = models.SmallIntegerField()
    customer_id = models.BigIntegerField(null=True)
    object_type = models.TextField()
    object_id = models.BigIntegerField()
    actor = models.TextField()
    internal = models.BooleanField()
    payload = models.JSONField()

    class Meta:
        managed = False
        db_table = "kernel_event"

    def __str__(self) -> str:
        return f"{self.type} {self.object_type}/{self.object_id}"


class AuditText(models.Model):
    """A long text that audit entries point to by digest. Erasing a person blanks it; the chain stays whole."""

    digest = models.CharField(max_length=64, primary_key=True)
    text = models.TextField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.digest


class AuditHead(models.Model):
    """Where one object's chain of audit entries ends; under a seal, so that a last row taken away shows."""

    pk = models.CompositePrimaryKey("object_type", "object_id")
    object_type = models.TextField()
    object_id = models.BigIntegerField()
    count = models.BigIntegerField()
    digest = models.TextField()
    anchored = models.BigIntegerField(default=0)
    anchor = models.TextField(default="")
    seal = models.TextField()

    class Meta:
        managed = False
        db_table = "kernel_audithead"

    def __str__(self) -> str:
        return f"{self.object_type}/{self.object_id}: {self.count}"


class AuditCheck(models.Model):
    """One verification of the whole audit and what it found; never changed. `seal` chains it to the one before.

    `upto` is where the audit stood; what has since come to rest below it is `rest_rows`
    rows with the sum `rest_sum`, up to `rest_upto`: no later audit may have less.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    rows = models.BigIntegerField()
    chains = models.BigIntegerField()
    broken = models.BigIntegerField()
    report = models.JSONField()
    upto = models.BigIntegerField()
    rest_upto = models.BigIntegerField()
    rest_rows = models.BigIntegerField()
    rest_sum = models.TextField()
    previous = models.TextField()
    seal = models.TextField()

    def __str__(self) -> str:
        return f"{self.at}: {self.broken} of {self.chains}"
