"""Matches, merges and the settings as the API takes and gives them."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import Choice, Day, Flag, Id, PageQuery, Strict, Text
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from dedup.register.explaining import Explained
from dedup.register.fields import FIELDS
from dedup.register.models import Match, MatchRun
from dedup.review.level_words import part_words

CARDS_MAX = 10
DECISIONS = ("different", "later", "open")
VALUES_MAX = 10


def fields_of_card(**options: Any) -> serializers.ListField:
    """Fields of a card that two cards agree or differ in, by their names."""
    return serializers.ListField(child=serializers.ChoiceField(choices=FIELDS), **options)


class MatchQuery(PageQuery):
    """Which matches."""

    state = Choice(Match.State, required=False, help_text="`open` unless told.")
    minimum = serializers.FloatField(
        required=False,
        min_value=0,
        max_value=1,
        help_text="The lowest probability; the business's threshold unless told.",
    )
    guest = Id(required=False, help_text="Only matches of this guest.")


class MatchOut(serializers.ModelSerializer):
    """Two cards that may be one guest. `guest_ids` are the two; the smaller id first."""

    guest_ids = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=Match.State.values, read_only=True)
    agreeing = fields_of_card(read_only=True, help_text="Fields that agree.")
    differing = fields_of_card(read_only=True, help_text="Fields that both cards have and that differ.")

    class Meta:
        model = Match
        fields = ("id", "guest_ids", "probability", "state", "agreeing", "differing", "found_at")
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_guest_ids(self, match: Match) -> list[int]:
        return [match.left_id, match.right_id]


class MatchPage(serializers.Serializer):
    """Matches, the oldest first."""

    items = MatchOut(many=True)
    next = serializers.URLField(allow_null=True)


class MatchPart(serializers.Serializer):
    """What one field says."""

    field = serializers.CharField(help_text="The field; `before` is what holds before looking.")
    level = serializers.CharField(help_text="How the two values compare.")
    weight = serializers.FloatField(help_text="Bits for one guest, negative: against. They add up to the whole.")
    detail = serializers.CharField(help_text="The same for people.")


class MatchTold(MatchOut):
    """A match with why it is one. The values themselves stand on the two cards."""

    weight = serializers.FloatField(read_only=True, help_text="Log2 of the odds.")
    parts = serializers.SerializerMethodField()

    class Meta(MatchOut.Meta):
        fields = (*MatchOut.Meta.fields, "weight", "parts")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]

    @extend_schema_field(MatchPart(many=True))
    def get_parts(self, match: Match) -> list[dict[str, Any]]:
        explained: Explained | None = self.context.get("explained")
        return [
            {"field": part.field, "level": part.level, "weight": part.weight, "detail": part_words(part)}
            for part in (explained.parts if explained else ())
        ]


@extend_schema_serializer(examples=[OpenApiExample("different", {"decision": "different"}, request_only=True)])
class MatchDecisionIn(Strict):
    """What somebody says of two cards."""

    decision = serializers.ChoiceField(
        choices=DECISIONS,
        help_text="`different`: two guests, never asked again. `later`: put aside. `open`: neither, as before.",
    )


class MergeGuests(Strict):
    """Cards to merge."""

    guest_ids = serializers.ListField(
        child=Id(), min_length=2, max_length=CARDS_MAX, help_text="The cards of one guest, in any order."
    )

    def validate_guest_ids(self, ids: list[int]) -> list[int]:
        """Each once, in that order."""
        return list(dict.fromkeys(ids))


@extend_schema_serializer(examples=[OpenApiExample("two", {"guest_ids": [4711, 4712]}, request_only=True)])
class MergePreviewIn(MergeGuests):
    """Cards of which one wants to know what merging them would do."""


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "two",
            {"guest_ids": [4711, 4712], "survivor_id": 4711, "choices": {"address": 4712}},
            request_only=True,
        )
    ]
)
class MergeIn(MergeGuests):
    """A merge. What is not chosen is chosen as the preview proposes."""

    survivor_id = Id(required=False, help_text="The card whose id stays.")
    choices = serializers.DictField(
        child=Id(), required=False, help_text="Field → id of the card whose value holds. The preview names the fields."
    )
    tag_ids = serializers.ListField(
        child=Id(), required=False, max_length=9, help_text="The tags to keep, where there are more than nine."
    )
    versions = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=2**31 - 1),
        required=False,
        help_text="Id of a card → the version one has seen; another one is refused.",
    )


class MergeChoice(serializers.Serializer):
    """A field of which the cards have different values."""

    field = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    values = serializers.ListField(child=serializers.CharField(allow_blank=True), help_text="One a card.")
    chosen_id = serializers.IntegerField(help_text="The card whose value holds unless told.")


class MergeTag(serializers.Serializer):
    """A tag of one of the cards."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class MergeMoves(serializers.Serializer):
    """How many entries of a kind each card has."""

    label = serializers.CharField()  # type: ignore[assignment]
    counts = serializers.ListField(child=serializers.IntegerField())


class MergeConsent(serializers.Serializer):
    """What will hold of a consent, and why."""

    purpose = serializers.CharField()
    channel = serializers.CharField(allow_blank=True)
    granted = serializers.ListField(child=serializers.BooleanField(allow_null=True), help_text="What each card says.")
    result = serializers.BooleanField(allow_null=True)
    why = serializers.CharField(allow_blank=True)


class MergePreviewOut(serializers.Serializer):
    """What a merge would do. All lists are in the order of `guest_ids`."""

    guest_ids = serializers.ListField(child=serializers.IntegerField())
    versions = serializers.DictField(child=serializers.IntegerField())
    survivor_id = serializers.IntegerField()
    fields = MergeChoice(many=True)  # type: ignore[assignment]
    tags = MergeTag(many=True)
    tags_over_nine = serializers.BooleanField()
    moves = MergeMoves(many=True)
    consents = MergeConsent(many=True)
    warnings = serializers.ListField(child=serializers.CharField())


class MergeOut(serializers.ModelSerializer):
    """A merge. Asking for one of the `absorbed_ids` leads to the card with `survivor_id`."""

    survivor_id = serializers.SerializerMethodField()
    absorbed_ids = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=ChangeSet.State.values, read_only=True)

    class Meta:
        model = ChangeSet
        fields = ("id", "survivor_id", "absorbed_ids", "state", "actor", "created_at", "undone_by_id")
        read_only_fields = fields

    def get_survivor_id(self, act: ChangeSet) -> int | None:
        return self.context["cards"].get(act.pk, (None, []))[0]

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_absorbed_ids(self, act: ChangeSet) -> list[int]:
        return self.context["cards"].get(act.pk, (None, []))[1]


class MergePage(serializers.Serializer):
    """Merges, the oldest first."""

    items = MergeOut(many=True)
    next = serializers.URLField(allow_null=True)


class MatchingEstimates(serializers.Serializer):
    """How well the engine does in this register, as far as decisions tell; `null` while there are too few."""

    decisions = serializers.IntegerField()
    needed = serializers.IntegerField()
    precision = serializers.FloatField(allow_null=True)
    recall = serializers.FloatField(allow_null=True)
    certain_precision = serializers.FloatField(allow_null=True)


class MatchingOut(serializers.Serializer):
    """The two thresholds, probabilities, and whether certain matches are merged by themselves."""

    propose = serializers.FloatField()
    certain = serializers.FloatField()
    automatic = serializers.BooleanField()
    estimates = MatchingEstimates()


@extend_schema_serializer(examples=[OpenApiExample("higher", {"propose": 0.7, "certain": 0.995}, request_only=True)])
class MatchingIn(Strict):
    """What is to be changed."""

    propose = serializers.FloatField(required=False)
    certain = serializers.FloatField(required=False)
    automatic = Flag(required=False)


class MatchingRun(serializers.ModelSerializer):
    """A walk over the whole register and how far it has come."""

    state = serializers.ChoiceField(choices=MatchRun.State.values, read_only=True)
    phase = serializers.ChoiceField(choices=MatchRun.Phase.values, read_only=True)

    class Meta:
        model = MatchRun
        fields = ("id", "state", "phase", "done", "total", "cards", "found", "error", "created_at", "finished_at")
        read_only_fields = fields


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "person",
            {"given_name": "Ingrid", "family_name": "Sørensen", "emails": ["ingrid.sorensen@example.no"]},
            request_only=True,
        )
    ]
)
class LookupIn(Strict):
    """A guest who is perhaps in the register already, as far as one knows them. Nothing is kept."""

    kind = Choice(Customer.Kind, required=False)
    given_name = Text(200, required=False)
    family_name = Text(200, required=False)
    company_name = Text(200, required=False)
    organisation_number = Text(20, required=False)
    emails = serializers.ListField(child=Text(254), required=False, max_length=VALUES_MAX)
    phones = serializers.ListField(child=Text(64), required=False, max_length=VALUES_MAX)
    street = Text(200, required=False)
    postal_code = Text(16, required=False)
    city = Text(100, required=False)
    country = Text(2, required=False)
    birth_date = Day(required=False)


class LookupHit(serializers.Serializer):
    """A card that is probably this guest."""

    guest_id = serializers.IntegerField(source="customer_id")
    probability = serializers.FloatField()
    agreeing = fields_of_card()
    differing = fields_of_card()


class LookupPage(serializers.Serializer):
    """The cards that are probably this guest, the likeliest first; `ready` is false until the register was looked
    through for the first time."""

    ready = serializers.BooleanField()
    items = LookupHit(many=True)
