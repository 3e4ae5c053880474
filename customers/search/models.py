"""The look-up's own tables, kept true by the database's triggers (``sql/``). docs/look-up.md explains them."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from accounts.models import Member
from accounts.tenancy.models import TenantForeignKey, TenantModel
from customers.card.models import Customer


class Posting(TenantModel):
    """A word leads to the guests whose names hold it.

    Written by the triggers of the card's table alone, in the same statement; so without foreign keys, whose checks
    would cost an import more than the rows themselves.
    """

    pk = models.CompositePrimaryKey("business_id", "token", "customer_id")
    token = models.CharField(max_length=40, db_collation="C")
    customer_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.token} → {self.customer_id}"


class Vocabulary(TenantModel):
    """A word that occurs in the names of the business's guests.

    Not unique: two transactions that meet the same new word never wait for each other, and a duplicate is harmless.
    """

    token = models.CharField(max_length=40, db_collation="C")

    class Meta:
        indexes = [
            models.Index(fields=["business", "token"], name="vocabulary_token"),
            # A short pending list: an import's words go in four times as fast, and reading it takes .2 ms at most.
            GinIndex(
                fields=["business", "token"],
                opclasses=["int8_ops", "gin_trgm_ops"],
                fastupdate=True,
                gin_pending_list_limit=256,
                name="vocabulary_fragments",
            ),
        ]

    def __str__(self) -> str:
        return self.token


class Misspelling(TenantModel):
    """A vocabulary word with one letter left out: two words one edit apart share such a form (SymSpell)."""

    form = models.CharField(max_length=40, db_collation="C")
    token = models.CharField(max_length=40, db_collation="C")

    class Meta:
        indexes = [models.Index(fields=["business", "form", "token"], name="misspelling_form")]

    def __str__(self) -> str:
        return f"{self.form} → {self.token}"


class Presence(TenantModel):
    """A guest in house, expected, or gone in the last days, once for each such stay: whom the desk means first."""

    pk = models.CompositePrimaryKey("business_id", "stay_id", "customer_id")
    stay_id = models.BigIntegerField()
    customer_id = models.BigIntegerField()
    in_house = models.BooleanField()
    is_booked = models.BooleanField()
    arrival = models.DateField()
    departure = models.DateField()
    unit = models.CharField(max_length=20, blank=True, db_collation="C")
    """The room or pitch in capitals; empty unless in house."""
    tokens = models.TextField(blank=True)
    """The guest's words, each with a space before and after."""

    class Meta:
        indexes = [
            models.Index(fields=["business", "customer_id"], name="presence_customer"),
            models.Index(fields=["business", "unit"], condition=Q(in_house=True), name="presence_unit"),
            models.Index(fields=["business", "departure"], condition=Q(in_house=False), name="presence_gone"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.arrival} – {self.departure}"


class PresenceWord(TenantModel):
    """A word of a guest present: even a query with 100,000 hits meets those at the desk by an index."""

    pk = models.CompositePrimaryKey("business_id", "stay_id", "customer_id", "token")
    stay_id = models.BigIntegerField()
    customer_id = models.BigIntegerField()
    token = models.CharField(max_length=40, db_collation="C")
    in_house = models.BooleanField()
    day = models.DateField()
    """Arrival of a booked stay, departure of one that has ended."""

    class Meta:
        indexes = [
            models.Index(fields=["business", "token", "customer_id"], condition=Q(in_house=True), name="presence_here"),
            models.Index(
                fields=["business", "token", "day", "customer_id"], condition=Q(in_house=False), name="presence_near"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.token} → {self.customer_id}"


class RecentGuest(TenantModel):
    """When a member last opened a card; ranks that member's look-up."""

    pk = models.CompositePrimaryKey("business_id", "member_id", "customer_id")
    member = TenantForeignKey(Member, db_on_delete="CASCADE", related_name="+")
    customer = TenantForeignKey(Customer, db_on_delete="CASCADE", related_name="+")
    opened_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["business", "member", "-opened_at"], name="recent_guest_newest"),
            models.Index(fields=["business", "customer"], name="recent_guest_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.customer_id}"
