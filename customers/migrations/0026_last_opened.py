"""Facts: when a guest last opened a message and last followed a link in one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0025_suppression")]

    operations = [
        migrations.AddField(
            model_name="customerfacts",
            name="last_opened",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="customerfacts",
            name="last_clicked",
            field=models.DateField(null=True),
        ),
    ]
