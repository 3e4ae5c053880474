"""Policies, keys and recorded changes."""

from typing import ClassVar

from django.contrib.postgres.operations import BtreeGinExtension, TrigramExtension
from django.db import migrations

from accounts.tenancy.operations import SqlFile, TenantTable
from customers.changes.operations import TrackChanges

GUEST_OF_STAY = (
    "SELECT min(p.customer_id) FROM customers_stayparticipant p"
    " WHERE p.business_id = {row}.business_id AND p.stay_id = {row}.id"
)
"""A stay has several guests; its changes stand in the history of the first one's card."""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0002_tenancy"), ("customers", "0001_initial")]

    operations: ClassVar = [
        TrigramExtension(),
        BtreeGinExtension(),
        TenantTable("ChangeSet"),
        TenantTable("Change", append_only=True),
        TenantTable("Customer"),
        TenantTable("ContactPoint"),
        TenantTable("Tag"),
        TenantTable("CustomerTag"),
        TenantTable("ExternalId"),
        TenantTable("Stay"),
        TenantTable("StayParticipant"),
        TenantTable("Activity"),
        TenantTable("CustomerFacts"),
        TenantTable("Posting"),
        TenantTable("Vocabulary"),
        TenantTable("Misspelling"),
        TenantTable("RecentGuest"),
        SqlFile("customers/changes/sql/functions.sql"),
        TrackChanges("Customer", "id"),
        TrackChanges("ContactPoint", "customer_id"),
        TrackChanges("CustomerTag", "customer_id"),
        TrackChanges("ExternalId", "customer_id"),
        TrackChanges("Stay", None, GUEST_OF_STAY),
        TrackChanges("StayParticipant", "customer_id"),
        TrackChanges("Activity", "customer_id"),
    ]
