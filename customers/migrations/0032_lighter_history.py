"""A change is put together once for its row of history, not a second time to see whether there was one; the facts of a
few guests are counted by plans made before; and old stays are not looked at as if somebody were present by them."""

from typing import ClassVar

from django.db import migrations

from accounts.tenancy.operations import SqlFile
from customers.changes.operations import TrackChanges

FIRST_GUEST = (
    "SELECT min(p.customer_id) FROM customers_stayparticipant p"
    " WHERE p.business_id = {row}.business_id AND p.stay_id = {row}."
)
"""A stay has several guests; its changes stand in the history of the first one's card."""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("customers", "0031_parts_of_undos")]

    operations: ClassVar = [
        TrackChanges("Customer", "id"),
        TrackChanges("ContactPoint", "customer_id"),
        TrackChanges("CustomerTag", "customer_id"),
        TrackChanges("ExternalId", "customer_id"),
        TrackChanges("Stay", None, f"{FIRST_GUEST}id"),
        TrackChanges("StayParticipant", "customer_id"),
        TrackChanges("Activity", "customer_id"),
        TrackChanges("Relation", "customer_id"),
        TrackChanges("GuestFieldValue", "customer_id"),
        TrackChanges("StayFieldValue", None, f"{FIRST_GUEST}stay_id"),
        TrackChanges("SensitiveDetail", "customer_id", None, ("ciphertext", "key_name")),
        TrackChanges("Purchase", "customer_id"),
        TrackChanges("Invoice", "customer_id"),
        TrackChanges("Todo", "customer_id"),
        TrackChanges("MergedCard", "survivor_id"),
        SqlFile("customers/facts/sql/facts.sql"),
        SqlFile("customers/search/sql/presence.sql"),
    ]
