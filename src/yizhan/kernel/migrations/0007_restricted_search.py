from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("kernel", "0006_claims_and_breakers"),
    ]

    operations = [
        migrations.AlterField(
            model_name="searchrow",
            name="audience",
            field=models.PositiveSmallIntegerField(choices=[(0, "Public"), (1, "Internal"), (2, "Restricted")]),
        ),
    ]
