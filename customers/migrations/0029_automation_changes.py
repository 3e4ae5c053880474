"""Change sets of automations."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0028_facts_of_new_guests")]

    operations = [
        migrations.AlterField(
            model_name="changeset",
            name="kind",
            field=models.CharField(
                choices=[
                    ("edit", "Edit"),
                    ("import", "Import"),
                    ("bulk", "Bulk edit"),
                    ("sample", "Sample data"),
                    ("merge", "Merge"),
                    ("undo", "Undo"),
                    ("automation", "Automation"),
                ],
                max_length=12,
            ),
        ),
    ]
