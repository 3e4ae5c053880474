"""The card: a guest, their contact points, tags and ids in other systems."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast, ExtractDay, ExtractMonth
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.tenancy.models import TenantForeignKey, TenantModel
from customers.changes.models import TrackedModel

MAX_TAGS = 9


class Customer(TrackedModel):
    """A guest: one person or company, one card.

    ``sort_key``, ``identity_key`` and ``search_tokens`` are derived from the names by
    :mod:`customers.normalise.names`; services keep them true.
    """

    change_guest: ClassVar[str | None] = "id"

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        COMPANY = "company", _("Company")

    class Source(models.TextChoices):
        """Where a guest first came from."""

        UNKNOWN = "", _("Unknown")
        WALK_IN = "walk_in", _("Walk-in")
        PHONE = "phone", _("Phone")
        EMAIL = "email", _("E-mail")
        WEBSITE = "website", _("Website")
        TRAVEL_AGENT = "agent", _("Travel agent")
        ONLINE_AGENT = "online_agent", _("Online travel agent")
        CORPORATE = "corporate", _("Corporate agreement")
        GROUP = "group", _("Group or event")
        REFERRAL = "referral", _("Recommended by a guest")
        IMPORT = "import", _("Imported file")
        OTHER = "other", _("Other")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.PERSON)
    given_name = models.CharField(_("given name"), max_length=200, blank=True)
    family_name = models.CharField(_("family name"), max_length=200, blank=True)
    company_name = models.CharField(_("company"), max_length=200, blank=True)
    organisation_number = models.CharField(_("organisation number"), max_length=20, blank=True)
    language = models.CharField(_("language"), max_length=5, blank=True)
    nationality = models.CharField(_("nationality"), max_length=2, blank=True)
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    street = models.CharField(_("street address"), max_length=200, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=16, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    source = models.CharField(_("where they came from"), max_length=16, choices=Source, blank=True, default="")
    note = models.TextField(_("note"), max_length=4000, blank=True)
    why_us = models.TextField(_("why they choose us"), max_length=1000, blank=True, default="", db_default="")
    thanked = models.TextField(_("how they were thanked"), max_length=1000, blank=True, default="", db_default="")
    deal_breakers = models.TextField(_("deal breakers"), max_length=1000, blank=True, default="", db_default="")
    """What would make them stay away, or why they left."""
    do_not_contact = models.BooleanField(_("do not contact"), default=False, db_default=False)
    is_restricted = models.BooleanField(_("processing restricted"), default=False, db_default=False)
    """The guest has asked that their data be stored and nothing else (GDPR article 18)."""
    is_deceased = models.BooleanField(_("deceased"), default=False, db_default=False)
    first_contact = models.DateField(_("first contact"), default=timezone.localdate)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    sort_key = models.CharField(max_length=120, blank=True, editable=False)
    identity_key = models.CharField(max_length=300, blank=True, editable=False)
    search_tokens = models.TextField(blank=True, editable=False)
    birthday = models.GeneratedField(
        expression=Cast(ExtractMonth("birth_date") * 100 + ExtractDay("birth_date"), models.SmallIntegerField()),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )
    """Month and day of the date of birth, 1224 for Christmas Eve."""

    class Meta:
        verbose_name = _("guest")
        verbose_name_plural = _("guests")
        indexes = [
            # Few and large on purpose: for a business that is new to it the planner takes the smallest index beginning
            # with the business, of equals the newest, which is the key (accounts/tenancy/keys.py).
            models.Index(fields=["business", "identity_key"], name="customer_identity"),
            models.Index(
                fields=["business", "birthday"], condition=Q(birth_date__isnull=False), name="customer_birthday"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """How the guest is called on the card: a company by its name, a person by given and family name."""
        person = f"{self.given_name} {self.family_name}".strip()
        if self.kind == self.Kind.COMPANY:
            return self.company_name or person
        return person or self.company_name


class ContactPoint(TrackedModel):
    """One e-mail address or phone number of a guest, as typed and normalised.

    ``normalised``: the lower-case address or the E.164 number; empty when it cannot be one (state ``invalid``), and
    then ``value`` stays as typed and searchable. ``national`` holds a phone's digits without country code.
    """

    exclusive = ("is_primary",)

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        PHONE = "phone", _("Phone")

    class State(models.TextChoices):
        OK = "ok", _("OK")
        INVALID = "invalid", _("Not valid")
        PLACEHOLDER = "placeholder", _("Placeholder")
        RELAY = "relay", _("Relay address")
        BOUNCED = "bounced", _("Bounced")
        OPTED_OUT = "opted_out", _("Opted out")

    customer = TenantForeignKey(Customer, db_on_delete="RESTRICT", related_name="contact_points")
    kind = models.CharField(max_length=5, choices=Kind)
    value = models.CharField(max_length=254)
    normalised = models.CharField(max_length=254, blank=True)
    national = models.CharField(max_length=32, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.OK)
    is_primary = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("contact point")
        verbose_name_plural = _("contact points")
        indexes = [
            models.Index(
                fields=["business", "normalised", "customer"],
                name="contact_point_value",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["business", "customer", "kind", "value"],
                name="contact_point_once",
            ),
            models.UniqueConstraint(
                fields=["business", "customer", "kind"],
                condition=Q(is_primary=True),
                name="contact_point_primary",
            ),
        ]

    def __str__(self) -> str:
        return self.normalised or self.value


class Tag(TenantModel):
    """A label of the business. The eight usual ones come ready with a ``code`` and a translated name."""

    class Code(models.TextChoices):
        FRIENDS = "friends", _("Friends & family")
        BUSINESS = "business", pgettext_lazy("tag", "Business")
        INFLUENCER = "influencer", _("Influencer")
        LOCAL = "local", _("Local")
        NO_SHOW = "no_show", _("No-show")
        PROBLEM = "problem", _("Problem")
        REGULAR = "regular", _("Regular")
        VIP = "vip", _("VIP")

    code = models.CharField(max_length=12, choices=Code, blank=True, default="")
    name = models.CharField(_("name"), max_length=40)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [
            models.UniqueConstraint(fields=["business", "name"], name="tag_name"),
            models.UniqueConstraint(fields=["business", "code"], condition=~Q(code=""), name="tag_code"),
        ]

    def __str__(self) -> str:
        return str(self.get_code_display()) if self.code else self.name

    @property
    def tone(self) -> str:
        """The badge colour: a warning for what the desk must know, a mark for VIP."""
        tones: dict[str, str] = {self.Code.VIP: "vip", self.Code.PROBLEM: "bad", self.Code.NO_SHOW: "warn"}
        return tones.get(self.code, "neutral")


class CustomerTag(TrackedModel):
    """A tag on a guest. ``slot`` 1–9 is unique per guest: the database itself holds the limit of nine."""

    places = ("slot", "customer_id", MAX_TAGS)

    customer = TenantForeignKey(Customer, db_on_delete="RESTRICT", related_name="customer_tags")
    tag = TenantForeignKey(Tag, db_on_delete="RESTRICT")
    slot = models.SmallIntegerField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("tag of a guest")
        verbose_name_plural = _("tags of guests")
        indexes = [models.Index(fields=["business", "tag", "customer"], name="customer_tag_tag")]
        constraints = [
            models.UniqueConstraint(fields=["business", "customer", "tag"], name="customer_tag_once"),
            models.UniqueConstraint(fields=["business", "customer", "slot"], name="customer_tag_slot"),
            models.CheckConstraint(condition=Q(slot__range=(1, MAX_TAGS)), name="customer_tag_nine"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}:{self.tag_id}"


class ExternalId(TrackedModel):
    """A guest's id in another system, so that the same file twice finds the same card."""

    customer = TenantForeignKey(Customer, db_on_delete="RESTRICT", related_name="external_ids")
    system = models.CharField(max_length=80)
    value = models.CharField(max_length=120)

    class Meta:
        verbose_name = _("external id")
        verbose_name_plural = _("external ids")
        indexes = [models.Index(fields=["business", "customer"], name="external_id_customer")]
        constraints = [models.UniqueConstraint(fields=["business", "system", "value"], name="external_id_once")]

    def __str__(self) -> str:
        return f"{self.system}:{self.value}"
