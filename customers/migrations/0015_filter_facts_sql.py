"""Facts follow all they hold; every guest there is counted anew; indexes that only lists used go."""

from typing import ClassVar

from django.db import migrations, models

from accounts.tenancy.operations import SqlFile

KEY = """
ALTER TABLE customers_customerfacts DROP CONSTRAINT customers_customerfacts_pkey,
    ADD CONSTRAINT customers_customerfacts_pkey PRIMARY KEY (business_id, customer_id)
"""
"""The key is the newest index again (``accounts/tenancy/keys.py``); nothing refers to this table."""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("customers", "0014_filter_facts")]

    operations: ClassVar = [
        SqlFile("customers/facts/sql/facts.sql"),
        SqlFile("customers/facts/sql/facts_triggers.sql"),
        SqlFile("customers/facts/sql/facts_register.sql"),
        SqlFile("customers/facts/sql/facts_backfill.sql"),
        migrations.RunSQL(KEY, migrations.RunSQL.noop),
        # Lists read the facts alone.
        migrations.RemoveIndex("customer", "customer_by_name"),
        migrations.RemoveIndex("customer", "customer_first_contact"),
        migrations.RemoveIndex("customer", "customer_source"),
        migrations.RemoveIndex("customer", "customer_language"),
        migrations.RemoveIndex("customer", "customer_identity"),
        migrations.AddIndex("customer", models.Index(fields=["business", "identity_key"], name="customer_identity")),
    ]
