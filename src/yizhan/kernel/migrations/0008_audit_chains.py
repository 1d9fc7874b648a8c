from django.db import migrations, models

from yizhan.kernel.chains import Head
from yizhan.kernel.closing_sql import ANCHORS, BLANKING, HEADS, MONTHS_BY_OWNER, closed, grows_only

NOTHING = migrations.RunSQL.noop


def anchor(apps, schema_editor):
    """Rows of before the key stay as they are; each chain's head holds a digest over them, under a seal."""
    driver = schema_editor.connection.connection
    with driver.cursor(name="anchors") as old, driver.cursor() as new:
        old.execute(ANCHORS)
        columns = "object_type, object_id, count, digest, anchored, anchor, seal"
        while rows := old.fetchmany(5000):
            with new.copy(f"COPY kernel_audithead ({columns}) FROM STDIN") as copy:
                for kind, number, count, digest, whole in rows:
                    head = Head(kind, number, count, digest, count, whole)
                    copy.write_row((kind, number, count, digest, count, whole, head.seal))


class Migration(migrations.Migration):
    """Keyed chains with heads, the chains of before anchored; every history closed against change."""

    dependencies = [("kernel", "0007_restricted_search")]
    operations = [
        migrations.RunSQL(HEADS, NOTHING, state_operations=[
            migrations.AddField("auditentry", "position", models.BigIntegerField(default=0)),
            migrations.AddField("auditentry", "version", models.SmallIntegerField(default=1)),
            migrations.CreateModel(
                name="AuditHead",
                fields=[
                    ("pk", models.CompositePrimaryKey("object_type", "object_id", blank=True, editable=False, primary_key=True, serialize=False)),
                    ("object_type", models.TextField()),
                    ("object_id", models.BigIntegerField()),
                    ("count", models.BigIntegerField()),
                    ("digest", models.TextField()),
                    ("anchored", models.BigIntegerField(default=0)),
                    ("anchor", models.TextField(default="")),
                    ("seal", models.TextField()),
                ],
                options={"db_table": "kernel_audithead", "managed": False},
            ),
        ]),
        migrations.CreateModel(
            name="AuditCheck",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("rows", models.BigIntegerField()),
                ("chains", models.BigIntegerField()),
                ("broken", models.BigIntegerField()),
                ("report", models.JSONField()),
                ("upto", models.BigIntegerField()),
                ("rest_upto", models.BigIntegerField()),
                ("rest_rows", models.BigIntegerField()),
                ("rest_sum", models.TextField()),
                ("previous", models.TextField()),
                ("seal", models.TextField()),
            ],
        ),
        migrations.RunPython(anchor, migrations.RunPython.noop),
        migrations.RunSQL(BLANKING + MONTHS_BY_OWNER, NOTHING),
        migrations.RunSQL(closed("kernel_event", "UPDATE OR DELETE"), NOTHING),
        migrations.RunSQL(grows_only("kernel_auditcheck"), NOTHING),
    ]
