from django.db import migrations

from yizhan.kernel.closing_sql import closed


class Migration(migrations.Migration):
    """Raw messages are never changed; only whole ones may go, when their time is over."""

    dependencies = [("channels", "0007_claims"), ("kernel", "0008_audit_chains")]
    operations = [migrations.RunSQL(closed("channels_raw", "UPDATE"), migrations.RunSQL.noop)]
