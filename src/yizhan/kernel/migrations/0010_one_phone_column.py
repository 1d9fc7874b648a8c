"""Kept columns of the contact list: the number has one column now, whole or masked as its reader may see it."""

from django.db import migrations

FORWARD = """
UPDATE kernel_savedview SET columns = array_remove(
    CASE WHEN 'phone' = ANY (columns) THEN columns ELSE array_replace(columns, 'masked_phone', 'phone') END, 'masked_phone'
) WHERE listing = 'contacts' AND 'masked_phone' = ANY (columns)
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0009_given_up_notices_keep_no_secret")]

    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
