"""Policies, keys and recorded changes of consents, sensitive details, own fields, relations, purchases and tasks."""

from typing import ClassVar

from django.db import migrations

from accounts.tenancy.operations import SqlFile, TenantTable
from customers.changes.operations import TrackChanges

GUEST_OF_STAY = (
    "SELECT min(p.customer_id) FROM customers_stayparticipant p"
    " WHERE p.business_id = {row}.business_id AND p.stay_id = {row}.stay_id"
)
"""A stay has several guests; its changes stand in the history of the first one's card."""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("customers", "0008_card_in_full"), ("accounts", "0006_api_keys_tenancy")]

    operations: ClassVar = [
        TenantTable("Relation"),
        TenantTable("CustomField"),
        TenantTable("GuestFieldValue"),
        TenantTable("StayFieldValue"),
        TenantTable("ConsentWording", append_only=True),
        TenantTable("ConsentEvent", append_only=True),
        TenantTable("ConsentState"),
        TenantTable("SensitiveDetail"),
        TenantTable("Product"),
        TenantTable("Purchase"),
        TenantTable("Invoice"),
        TenantTable("Todo"),
        # Columns were added.
        TrackChanges("Customer", "id"),
        TrackChanges("Activity", "customer_id"),
        TrackChanges("Relation", "customer_id"),
        TrackChanges("GuestFieldValue", "customer_id"),
        TrackChanges("StayFieldValue", None, GUEST_OF_STAY),
        TrackChanges("SensitiveDetail", "customer_id", None, ("ciphertext", "key_name")),
        TrackChanges("Purchase", "customer_id"),
        TrackChanges("Invoice", "customer_id"),
        TrackChanges("Todo", "customer_id"),
        SqlFile("customers/consent/sql/state.sql"),
        SqlFile("customers/sensitive/sql/consented.sql"),
    ]
