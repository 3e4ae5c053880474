"""Segments, the history of their members, and saved views."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Member, User
from accounts.tenancy.models import TenantForeignKey, TenantModel
from customers.card.models import Customer


class Segment(TenantModel):
    """A filter with a name, and the guests who match it. The six usual ones come ready with a ``code``.

    ``version`` counts what people change. ``definition`` counts what makes other guests match: a change of the tree, or
    of a segment that the tree refers to; ``counted_definition`` is the one that the members were last counted by.
    """

    class Code(models.TextChoices):
        """The segments a business starts with."""

        NEWSLETTER_EMAIL = "newsletter_email", _("Newsletter by e-mail ready")
        REGULARS = "regulars", _("Regulars")
        BEST = "best", _("Best guests")
        LAPSED = "lapsed", _("Lapsed guests")
        FIRST_TIME = "first_time", _("First-time guests of the last 3 months")
        BIRTHDAY = "birthday", _("Birthday in the next 30 days")

    code = models.CharField(max_length=16, choices=Code, blank=True, default="", editable=False)
    name = models.CharField(_("name"), max_length=80, blank=True)
    """Empty: a ready one that nobody has renamed, called by its code in the reader's language."""
    description = models.CharField(_("description"), max_length=400, blank=True)
    tree = models.JSONField()
    position = models.IntegerField(default=0)
    definition = models.IntegerField(default=1, editable=False)
    counted_definition = models.IntegerField(null=True, editable=False)
    members = models.IntegerField(null=True, editable=False)
    """How many are members as of ``counted_at``; ``None`` until they are counted for the first time."""
    counted_at = models.DateTimeField(null=True, editable=False)
    member_id = models.BigIntegerField(null=True, editable=False)
    """Who made it; ``None``: Innkeeper, or another system."""
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.IntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        constraints = [
            models.UniqueConstraint(F("business"), Lower("name"), condition=~Q(name=""), name="segment_name"),
            models.UniqueConstraint(fields=["business", "code"], condition=~Q(code=""), name="segment_code"),
            models.CheckConstraint(condition=~Q(name="", code=""), name="segment_has_name"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """What it is called, in the active language where nobody has given it a name."""
        return self.name or str(self.get_code_display())

    @property
    def is_counted(self) -> bool:
        """Whether its members are those of the tree as it stands."""
        return self.counted_definition == self.definition


class SegmentMember(TenantModel):
    """A guest in a segment, from ``entered_at`` until ``left_at``; one who comes back gets another row.

    Written by :func:`customers.segments.services.segment_refresh` alone. ``by_definition``: came in because the segment
    was made or its tree was changed, so that nobody takes it for a guest who has done something; ``left_by_definition``
    likewise. The ids of the writing transactions let a reader take what is committed and nothing twice: those below
    ``pg_snapshot_xmin(pg_current_snapshot())``.
    """

    segment = TenantForeignKey(Segment, db_on_delete="CASCADE", related_name="+")
    customer = TenantForeignKey(Customer, db_on_delete="CASCADE", related_name="+")
    entered_at = models.DateTimeField()
    entered_xid = models.BigIntegerField()
    by_definition = models.BooleanField(default=False)
    left_at = models.DateTimeField(null=True)
    left_xid = models.BigIntegerField(null=True)
    left_by_definition = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("guest of a segment")
        verbose_name_plural = _("guests of segments")
        indexes = [
            models.Index(fields=["business", "segment", "entered_at"], name="segment_member_entered"),
            models.Index(
                fields=["business", "segment", "left_at"],
                condition=Q(left_at__isnull=False),
                name="segment_member_left",
            ),
            models.Index(fields=["business", "customer"], name="segment_member_guest"),
            models.Index(
                fields=["business", "entered_xid"], condition=Q(by_definition=False), name="segment_member_xid"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["business", "segment", "customer"],
                condition=Q(left_at__isnull=True),
                name="segment_member_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.segment_id}: {self.customer_id}"


class SavedView(TenantModel):
    """The guest list as somebody left it: filter, text, order, columns, row height. Without a member it is shared."""

    name = models.CharField(_("name"), max_length=60)
    member = TenantForeignKey(Member, db_on_delete="CASCADE", related_name="+", null=True, blank=True)
    tree = models.JSONField()
    text = models.CharField(max_length=200, blank=True)
    sort = models.CharField(max_length=40, blank=True)
    """A key of the list's orders, with ``-`` before it for downwards; empty: as the list is sorted anyway."""
    columns = models.JSONField(default=list)
    """Keys of the columns shown, in their order; empty: those that the list shows anyway."""
    density = models.CharField(max_length=12, choices=User.Density, blank=True)
    """Empty: as the member's own setting."""
    position = models.IntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.IntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(
                F("business"), Lower("name"), condition=Q(member__isnull=True), name="saved_view_shared_name"
            ),
            models.UniqueConstraint(
                F("business"),
                F("member"),
                Lower("name"),
                condition=Q(member__isnull=False),
                name="saved_view_own_name",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_shared(self) -> bool:
        """Whether everybody sees it."""
        return self.member_id is None


class DefaultView(TenantModel):
    """The view that the guest list opens with for a member: one of their own or a shared one."""

    pk = models.CompositePrimaryKey("business_id", "member_id")
    member = TenantForeignKey(Member, db_on_delete="CASCADE", related_name="+")
    view = TenantForeignKey(SavedView, db_on_delete="CASCADE", related_name="+")

    class Meta:
        verbose_name = _("view to begin with")
        verbose_name_plural = _("views to begin with")
        indexes = [models.Index(fields=["business", "view"], name="default_view_view")]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.view_id}"
