"""What the register keeps to find double registrations, what it found, and what people said to it."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Member
from accounts.tenancy.models import TenantForeignKey, TenantModel
from dedup.register import fields


class MatchSettings(TenantModel):
    """How a business finds its double registrations, and how far it has followed what changed. One row each.

    ``seen_xid``: changes of transactions below it have been looked at; ``None`` until the register is ready for the
    first time. ``marks`` are ``[transaction, change]``: changes written by that transaction or a later one have a
    higher id (:mod:`dedup.register.changes`).
    """

    propose = models.FloatField(_("propose from"), default=0.5)
    """The probability from which two cards are shown as a match."""
    certain = models.FloatField(_("certain from"), default=0.999)
    """The probability from which two cards may be merged without anybody looking."""
    is_own = models.BooleanField(default=False, editable=False)
    """Whether somebody has set the thresholds; until then they follow what the engine learns."""
    automatic = models.BooleanField(_("merge by itself"), default=False)
    model = models.JSONField(null=True, editable=False)
    """What the engine learned of this register, without anybody's word."""
    taught = models.JSONField(null=True, editable=False)
    """The same with what people decided; ``None`` until there are enough decisions."""
    taught_by = models.IntegerField(default=0, editable=False)
    """How many decisions it was taught by."""
    learned_cards = models.BigIntegerField(default=0, editable=False)
    """How many cards the model was learned from: a register that has grown to twice as many is learned anew."""
    models_made = models.IntegerField(default=0, editable=False)
    """Counts up with every model, so that a process keeps the one it has read."""
    untaught = models.IntegerField(default=0, editable=False)
    """Decisions since."""
    engine = models.IntegerField(default=0, editable=False)
    """The engine's version that the profiles were made by; another one makes them anew."""
    seen_xid = models.BigIntegerField(null=True, editable=False)
    marks = models.JSONField(default=list, editable=False)
    seen_change = models.BigIntegerField(default=0, editable=False)
    """The newest change that had been written when changes were last looked at."""
    followed_at = models.DateTimeField(null=True, editable=False)
    version = models.IntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("settings of duplicates")
        verbose_name_plural = _("settings of duplicates")
        constraints = [models.UniqueConstraint(fields=["business"], name="match_settings_once")]

    def __str__(self) -> str:
        return f"{self.propose:.2f} / {self.certain:.2f}"

    @property
    def model_used(self) -> dict[str, Any] | None:
        """The model that cards are compared by."""
        return self.taught or self.model


class CardProfile(TenantModel):
    """A card's values as the engine compares them, normalised once. Made by :mod:`dedup.register.profiles` alone.

    Without foreign keys: it is made from the card and goes with it, by a trigger, and a check a row would cost an
    import more than the rows do.
    """

    pk = models.CompositePrimaryKey("business_id", "customer_id")
    customer_id = models.BigIntegerField()
    profile = models.TextField(db_collation="C")
    """:meth:`dedup.engine.Profile.as_row`, as :func:`dedup.register.profiles.packed` writes it."""
    keys = ArrayField(models.BigIntegerField(), default=list)
    """Its rows of :class:`CardKey`, so that they are found without an index by card."""

    class Meta:
        verbose_name = _("profile of a card")
        verbose_name_plural = _("profiles of cards")

    def __str__(self) -> str:
        return str(self.customer_id)


class CardKey(TenantModel):
    """A blocking key leads to the cards that have it: only cards with a key in common are ever compared."""

    pk = models.CompositePrimaryKey("business_id", "key", "customer_id")
    key = models.BigIntegerField()
    customer_id = models.BigIntegerField()

    class Meta:
        verbose_name = _("key of a card")
        verbose_name_plural = _("keys of cards")

    def __str__(self) -> str:
        return f"{self.key} → {self.customer_id}"


class MatchRun(TenantModel):
    """One walk over the whole register, or the merging of all matches above a threshold, in steps of one transaction.

    ``phase`` and ``at`` say where it has come to and move with the step: a worker that is killed leaves whole steps,
    and the next goes on.
    """

    class Kind(models.TextChoices):
        FIND = "find", pgettext_lazy("duplicates", "Find duplicates")
        MERGE = "merge", pgettext_lazy("duplicates", "Merge duplicates")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", pgettext_lazy("bulk action", "Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Stopped by a fault")
        CANCELLED = "cancelled", _("Cancelled")

    class Phase(models.TextChoices):
        PROFILES = "profiles", _("Reading the cards")
        COMPARE = "compare", _("Comparing")
        KEEP = "keep", _("Keeping what was found")
        MERGE = "merge", _("Merging")

    kind = models.CharField(max_length=8, choices=Kind, default=Kind.FIND)
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    phase = models.CharField(max_length=8, choices=Phase, default=Phase.PROFILES)
    at = models.JSONField(default=dict)
    """Where the phase has come to."""
    total = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    """Of ``total``, in the phase: cards read, parts compared, matches kept, groups merged."""
    cards = models.BigIntegerField(default=0)
    found = models.BigIntegerField(default=0)
    """Matches found, or cards merged away."""
    fresh = models.BigIntegerField(default=0)
    """Matches that were not known before."""
    capped = models.JSONField(default=list)
    """What was cut off because too many cards share it, and how much: ``[{"key": …, "cards": …, "pairs": …}]``."""
    skipped = models.JSONField(default=dict)
    """Groups that were not merged, by reason."""
    minimum = models.FloatField(null=True)
    """Of a merging: from which probability."""
    agrees = models.BigIntegerField(default=0)
    """Of a merging: the fields that must agree."""
    by_itself = models.BooleanField(default=False)
    """Of a merging: whether nobody asked for it."""
    change_set_id = models.BigIntegerField(null=True)
    """Of a merging: the act that takes it back as a whole."""
    error = models.CharField(max_length=300, blank=True)
    member = TenantForeignKey(Member, db_on_delete="SET NULL", null=True, related_name="+")
    actor = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("search for duplicates")
        verbose_name_plural = _("searches for duplicates")
        indexes = [
            models.Index(fields=["business", "-created_at", "-id"], name="match_run_newest"),
            models.Index(
                fields=["business", "seen_at"], condition=Q(state__in=("waiting", "running")), name="match_run_open"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["business", "kind"], condition=Q(state__in=("waiting", "running")), name="match_run_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether there is something left to do."""
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def percent(self) -> int:
        """How far the phase has come, 0 to 100."""
        return min(100, round(100 * self.done / self.total)) if self.total else 0


class Match(TenantModel):
    """Two cards suspected to be one guest; ``left_id`` is the smaller id.

    ``weight`` is the evidence in bits (log2 of the odds), ``agrees`` and ``differs`` are fields
    (:mod:`dedup.register.fields`). Without foreign keys, as :class:`CardProfile`: when a card goes, a trigger closes
    its matches, and one that comes back is looked at again like any other that has changed.
    """

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("match", "Open")
        LATER = "later", pgettext_lazy("match", "Later")
        MERGED = "merged", pgettext_lazy("match", "Merged")
        DIFFERENT = "different", pgettext_lazy("match", "Not the same")
        GONE = "gone", pgettext_lazy("match", "No longer alike")

    left_id = models.BigIntegerField()
    right_id = models.BigIntegerField()
    weight = models.FloatField()
    probability = models.FloatField()
    pattern = models.BigIntegerField(default=0)
    """The levels of all fields as the engine packs them: what a decision teaches."""
    agrees = models.BigIntegerField(default=0)
    differs = models.BigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    found_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    """When it was last written; a walk over the register closes what it does not find, if it is older than the walk."""

    class Meta:
        verbose_name = _("match")
        verbose_name_plural = _("matches")
        indexes = [
            models.Index(fields=["business", "state", "-weight", "-id"], name="match_queue"),
            models.Index(fields=["business", "right_id"], name="match_right"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["business", "left_id", "right_id"], name="match_once"),
            models.CheckConstraint(condition=Q(left_id__lt=F("right_id")), name="match_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.left_id} ~ {self.right_id}"

    @property
    def agreeing(self) -> tuple[str, ...]:
        """The fields that agree."""
        return fields.names(self.agrees)

    @property
    def differing(self) -> tuple[str, ...]:
        """The fields that both cards have and that differ."""
        return fields.names(self.differs)


class Decision(TenantModel):
    """What somebody said of two cards, for ever.

    Kept under the ids of that day and read through the lineage of cards, so that "not the same" holds for whatever
    card carries either of them now, and after a merge is undone for the two again. Of two cards the newest counts.
    """

    class Verdict(models.TextChoices):
        SAME = "same", pgettext_lazy("decision", "The same")
        DIFFERENT = "different", pgettext_lazy("decision", "Not the same")
        LATER = "later", pgettext_lazy("decision", "Later")

    left_id = models.BigIntegerField()
    right_id = models.BigIntegerField()
    verdict = models.CharField(max_length=10, choices=Verdict)
    pattern = models.BigIntegerField(null=True)
    """The levels of all fields when it was decided; ``None``: the two were no match."""
    weight = models.FloatField(null=True)
    taught = models.FloatField(default=0.0)
    """The bits of the weight that earlier decisions had added."""
    sampled = models.BooleanField(default=False)
    """Whether somebody looked at these two among others of all kinds, not from the top of the list."""
    change_set_id = models.BigIntegerField(null=True)
    """The merge that followed."""
    is_withdrawn = models.BooleanField(default=False)
    """Taken back: it counts no longer."""
    member = TenantForeignKey(Member, db_on_delete="SET NULL", null=True, related_name="+")
    actor = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("decision on a match")
        verbose_name_plural = _("decisions on matches")
        indexes = [
            models.Index(fields=["business", "left_id", "right_id", "-id"], name="decision_pair"),
            models.Index(fields=["business", "right_id"], name="decision_right"),
            models.Index(
                fields=["business", "change_set_id"], condition=Q(change_set_id__isnull=False), name="decision_act"
            ),
        ]
        constraints = [models.CheckConstraint(condition=Q(left_id__lt=F("right_id")), name="decision_in_order")]

    def __str__(self) -> str:
        return f"{self.left_id} ~ {self.right_id}: {self.verdict}"
