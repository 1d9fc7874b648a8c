from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('tickets', '0004_affected_users'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='ticket',
            index=models.Index(condition=models.Q(('affected_count__gt', 0), ('state__in', ['pending', 'in_progress'])), fields=['customer', '-received_at'], name='tickets_known_fault'),
        ),
    ]
