"""What happened: stays with their participants, purchases, invoices, activities and staff tasks."""

import builtins
import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Member, Property
from accounts.tenancy.models import TenantForeignKey, TenantModel
from customers.card.models import Customer
from customers.changes.models import TrackedModel


class Stay(TrackedModel):
    """A booking at a property. ``unit`` is the room or pitch; ``amount`` is what the whole stay costs."""

    change_guest: ClassVar[str | None] = None

    class Status(models.TextChoices):
        BOOKED = "booked", _("Booked")
        CHECKED_IN = "checked_in", _("Checked in")
        CHECKED_OUT = "checked_out", _("Checked out")
        CANCELLED = "cancelled", _("Cancelled")
        NO_SHOW = "no_show", _("No-show")

    property = TenantForeignKey(Property, db_on_delete="RESTRICT", related_name="+", verbose_name=_("property"))
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.BOOKED)
    arrival = models.DateField(_("arrival"))
    departure = models.DateField(_("departure"))
    unit = models.CharField(_("room or pitch"), max_length=20, blank=True)
    unit_type = models.CharField(_("room type"), max_length=40, blank=True)
    adults = models.SmallIntegerField(_("adults"), default=1)
    children = models.SmallIntegerField(_("children"), default=0)
    reference = models.CharField(_("booking reference"), max_length=60, blank=True)
    channel = models.CharField(_("channel"), max_length=40, blank=True)
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    booked_on = models.DateField(_("booked on"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    external_system = models.CharField(max_length=80, blank=True)
    external_id = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("stay")
        verbose_name_plural = _("stays")
        indexes = [
            models.Index(fields=["business", "arrival", "id"], name="stay_arrival"),
            models.Index(fields=["business", "departure", "id"], name="stay_departure"),
            models.Index(fields=["business", "reference", "id"], condition=~Q(reference=""), name="stay_reference"),
            models.Index(
                fields=["business", "status", "departure"],
                condition=Q(status__in=("booked", "checked_in")),
                name="stay_current",
            ),
            models.Index(fields=["business", "unit"], condition=Q(status="checked_in"), name="stay_in_house"),
            # Who is expected, and who should have come: a sliver of the stays, whatever the years behind them.
            models.Index(fields=["business", "arrival", "id"], condition=Q(status="booked"), name="stay_expected"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["business", "external_system", "external_id"],
                condition=~Q(external_id=""),
                name="stay_external",
            ),
            models.CheckConstraint(condition=Q(departure__gte=F("arrival")), name="stay_dates"),
        ]

    def __str__(self) -> str:
        return f"{self.arrival} – {self.departure}"

    # The field ``property`` hides the built-in of that name in this class body.
    @builtins.property
    def nights(self) -> int:
        """Whole nights from arrival to departure; 0 for a day visit."""
        return (self.departure - self.arrival).days


class StayParticipant(TrackedModel):
    """A guest's part in a stay: one row a person, any of the roles guest, booker, payer and agent.

    A stay has at most one payer, so that its value counts once.
    """

    exclusive = ("is_payer",)

    stay = TenantForeignKey(Stay, db_on_delete="RESTRICT", related_name="participants")
    customer = TenantForeignKey(Customer, db_on_delete="RESTRICT", related_name="stay_parts")
    is_guest = models.BooleanField(_("guest"), default=True)
    is_booker = models.BooleanField(_("booker"), default=False)
    is_payer = models.BooleanField(_("payer"), default=False)
    is_agent = models.BooleanField(_("agent"), default=False)

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        indexes = [models.Index(fields=["business", "customer", "stay"], name="stay_participant_customer")]
        constraints = [
            models.UniqueConstraint(fields=["business", "stay", "customer"], name="stay_participant_once"),
            models.UniqueConstraint(fields=["business", "stay"], condition=Q(is_payer=True), name="stay_payer"),
            models.CheckConstraint(
                condition=Q(is_guest=True) | Q(is_booker=True) | Q(is_payer=True) | Q(is_agent=True),
                name="stay_participant_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stay_id}:{self.customer_id}"


class Activity(TrackedModel):
    """One line of the timeline that is not a stay: a note, a call, a visit, a form …"""

    class Kind(models.TextChoices):
        NOTE = "note", _("Note")
        CALL = "call", _("Call")
        VISIT = "visit", _("Visit")
        EMAIL = "email", _("E-mail")
        FORM = "form", _("Form")
        SMS = "sms", _("SMS")

    customer = TenantForeignKey(Customer, db_on_delete="RESTRICT", related_name="activities")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.NOTE)
    at = models.DateTimeField(_("when"), default=timezone.now)
    text = models.TextField(_("text"), max_length=4000, blank=True)
    is_pinned = models.BooleanField(_("pinned"), default=False, db_default=False)
    """Stands above the timeline until it is taken down."""
    member_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        indexes = [
            models.Index(fields=["business", "customer", "-at", "-id"], name="activity_timeline"),
            models.Index(fields=["business", "customer"], condition=Q(is_pinned=True), name="activity_pinned"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d}"


class Product(TenantModel):
    """Something the business sells beside nights: a spa hour, a bicycle for a day, a Christmas table."""

    name = models.CharField(_("name"), max_length=120)
    code = models.CharField(_("code"), max_length=40, blank=True)
    is_archived = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.UniqueConstraint(fields=["business", "name"], name="product_name"),
            models.UniqueConstraint(fields=["business", "code"], condition=~Q(code=""), name="product_code"),
        ]

    def __str__(self) -> str:
        return self.name


class Purchase(TrackedModel):
    """Something a guest bought, during a stay or without one. ``amount`` is what all of it cost."""

    customer = TenantForeignKey(Customer, db_on_delete="RESTRICT", related_name="purchases")
    stay = TenantForeignKey(Stay, db_on_delete="SET NULL", related_name="purchases", null=True, blank=True)
    property = TenantForeignKey(
        Property, db_on_delete="RESTRICT", related_name="+", null=True, blank=True, verbose_name=_("property")
    )
    product = TenantForeignKey(
        Product, db_on_delete="RESTRICT", related_name="+", null=True, blank=True, verbose_name=_("product")
    )
    description = models.CharField(_("what"), max_length=200, blank=True)
    quantity = models.DecimalField(_("quantity"), max_digits=10, decimal_places=2, default=1)
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    bought_on = models.DateField(_("bought on"), default=timezone.localdate)
    reference = models.CharField(_("reference"), max_length=60, blank=True)
    external_system = models.CharField(max_length=80, blank=True)
    external_id = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("purchase")
        verbose_name_plural = _("purchases")
        indexes = [
            models.Index(fields=["business", "customer", "-bought_on", "-id"], name="purchase_timeline"),
            models.Index(fields=["business", "product", "customer"], name="purchase_product"),
            models.Index(fields=["business", "stay"], condition=Q(stay__isnull=False), name="purchase_stay"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["business", "external_system", "external_id"],
                condition=~Q(external_id=""),
                name="purchase_external",
            ),
        ]

    def __str__(self) -> str:
        return self.description or str(self.product_id)


class Invoice(TrackedModel):
    """What was billed to a guest and when it was paid. Bookkeeping keeps it when the person is erased."""

    class State(models.TextChoices):
        DUE = "due", pgettext_lazy("invoice", "Due")
        OVERDUE = "overdue", pgettext_lazy("invoice", "Overdue")
        PAID = "paid", pgettext_lazy("invoice", "Paid")

    customer = TenantForeignKey(Customer, db_on_delete="RESTRICT", related_name="invoices")
    stay = TenantForeignKey(Stay, db_on_delete="SET NULL", related_name="invoices", null=True, blank=True)
    number = models.CharField(_("invoice number"), max_length=60)
    issued_on = models.DateField(_("issued on"), default=timezone.localdate)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    paid_on = models.DateField(_("paid on"), null=True, blank=True)
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    external_system = models.CharField(max_length=80, blank=True)
    external_id = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        indexes = [
            models.Index(fields=["business", "customer", "-issued_on", "-id"], name="invoice_timeline"),
            models.Index(fields=["business", "due_on"], condition=Q(paid_on__isnull=True), name="invoice_unpaid"),
            models.Index(fields=["business", "stay"], condition=Q(stay__isnull=False), name="invoice_stay"),
            models.Index(fields=["business", "number"], name="invoice_number"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["business", "external_system", "external_id"],
                condition=~Q(external_id=""),
                name="invoice_external",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def state_on(self, day: datetime.date) -> "Invoice.State":
        """Paid, overdue or due, as seen on ``day``."""
        if self.paid_on is not None:
            return self.State.PAID
        return self.State.OVERDUE if self.due_on is not None and self.due_on < day else self.State.DUE


class Todo(TrackedModel):
    """A staff task: what somebody must do, by when, for which guest or property if for one."""

    class Origin(models.TextChoices):
        MEMBER = "member", _("Member")
        IMPORT = "import", _("Import")
        AUTOMATION = "automation", _("Automation")
        WASH = "wash", _("Wash")
        API = "api", _("Connected system")

    customer = TenantForeignKey(Customer, db_on_delete="RESTRICT", related_name="todos", null=True, blank=True)
    property = TenantForeignKey(
        Property, db_on_delete="RESTRICT", related_name="+", null=True, blank=True, verbose_name=_("property")
    )
    assignee = TenantForeignKey(
        Member, db_on_delete="RESTRICT", related_name="+", null=True, blank=True, verbose_name=_("for whom")
    )
    title = models.CharField(_("task"), max_length=200)
    note = models.TextField(_("note"), max_length=2000, blank=True)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=200, blank=True)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.MEMBER)
    member_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = pgettext_lazy("of staff", "task")
        verbose_name_plural = pgettext_lazy("of staff", "tasks")
        indexes = [
            models.Index(fields=["business", "due_on", "id"], condition=Q(done_at__isnull=True), name="todo_open"),
            models.Index(fields=["business", "customer", "-created_at"], name="todo_of_guest"),
            models.Index(
                fields=["business", "-done_at", "-id"], condition=Q(done_at__isnull=False), name="todo_finished"
            ),
        ]

    def __str__(self) -> str:
        return self.title
