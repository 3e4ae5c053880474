"""The look-up's own tables: postings from token to guest, the vocabulary for fragments and typos. docs/look-up.md."""

from django.db import models

from accounts.models import Member
from accounts.tenancy.models import TenantForeignKey, TenantModel
from customers.card.models import Customer


class Posting(TenantModel):
    """A token leads to a guest. Names as folded words, e-mail addresses whole, phones as digits with a prefix."""

    pk = models.CompositePrimaryKey("business_id", "token", "customer_id")
    token = models.CharField(max_length=254, db_collation="C")
    customer = TenantForeignKey(Customer, db_on_delete="CASCADE", related_name="+")

    def __str__(self) -> str:
        return f"{self.token} → {self.customer_id}"


class Vocabulary(TenantModel):
    """A word that occurs in the names of the business's guests. Duplicates after a race are harmless."""

    token = models.CharField(max_length=254, db_collation="C")

    class Meta:
        indexes = [models.Index(fields=["business", "token"], name="vocabulary_token")]

    def __str__(self) -> str:
        return self.token


class Misspelling(TenantModel):
    """A vocabulary word with one letter left out: two words one edit apart share such a form (SymSpell)."""

    form = models.CharField(max_length=40, db_collation="C")
    token = models.CharField(max_length=40, db_collation="C")

    class Meta:
        indexes = [
            models.Index(fields=["business", "form", "token"], name="misspelling_form")
        ]

    def __str__(self) -> str:
        return f"{self.form} → {self.token}"


class RecentGuest(TenantModel):
    """When a member last opened a card; ranks the look-up."""

    pk = models.CompositePrimaryKey("business_id", "member_id", "customer_id")
    member = TenantForeignKey(Member, db_on_delete="CASCADE", related_name="+")
    customer = TenantForeignKey(Customer, db_on_delete="CASCADE", related_name="+")
    opened_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["business", "member", "-opened_at"], name="recent_guest_newest"
            )
        ]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.customer_id}"
