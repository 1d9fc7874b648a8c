"""What a notice that was given up still held opens nothing any more."""

from typing import ClassVar

from django.db import migrations

WIPE = """
UPDATE kernel_notice SET body = replace(body, secret, '…'), error = replace(error, secret, '…'), secret = ''
WHERE state <> 'pending' AND secret <> ''
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("kernel", "0008_audit_chains")]
    operations: ClassVar = [migrations.RunSQL(WIPE, migrations.RunSQL.noop)]
