from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0010_phone_numbers"),
    ]

    operations = [
        migrations.AlterField(
            model_name="assignment", name="valid_from", field=models.DateField(blank=True, null=True, verbose_name="valid from")
        ),
        migrations.AlterField(
            model_name="assignment", name="valid_until", field=models.DateField(blank=True, null=True, verbose_name="valid until")
        ),
    ]
