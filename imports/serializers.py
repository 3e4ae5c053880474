"""Imports as the API takes and gives them."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import Choice, Day, Flag, Id, PageQuery, Strict, Text
from customers.changes.models import ChangeSet
from imports.mapping import SCHEMA
from imports.models import ImportMapping, ImportProblem, ImportRow, ImportRun
from imports.policy import WORDING_MAX
from imports.selectors import row_totals
from imports.wording import cause_sentence, reason_sentence, stored_sentence

LINES_MAX = 10_000
"""Rows that one request may decide by line."""


@extend_schema_field({key: value for key, value in SCHEMA.items() if not key.startswith("$")})
class LayoutField(serializers.JSONField):
    """What the columns of a file mean."""


class UploadQuery(Strict):
    """What is said of a file that comes in."""

    name = Text(200, required=False, allow_blank=True, help_text="What the file is called.")
    kind = Choice(ImportRun.Kind, required=False, help_text="What its rows are; found out when it is not said.")
    currency = Text(3, required=False, allow_blank=True, help_text="Of amounts that name none, such as `NOK`.")


class TableIn(Strict):
    """Which sheet of a workbook, or file of an archive."""

    table = Text(200, allow_blank=True, help_text="One of `tables`; empty for all of an archive together.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "layout",
            {
                "layout": {
                    "version": 1,
                    "kind": "guests",
                    "readings": [
                        {"meaning": "guest.full_name", "from": ["Name"]},
                        {"meaning": "guest.email", "from": ["Mail"], "how": "split", "by": ";"},
                    ],
                    "dates": "dmy",
                },
                "save_as": "Old system",
            },
            request_only=True,
        )
    ]
)
class LayoutIn(Strict):
    """What the columns mean."""

    layout = LayoutField()
    save_as = Text(80, required=False, allow_blank=True, help_text="Keep it for the next file with these columns.")


@extend_schema_serializer(
    examples=[OpenApiExample("policy", {"update": "newest", "file_date": "2026-10-01", "tag": "From old"})]
)
class PolicyIn(Strict):
    """How the file and the register are brought together; what is left out is as it was."""

    update = serializers.ChoiceField(  # type: ignore[assignment]
        choices=["fill", "newest", "file"],
        required=False,
        help_text="What a file changes on guests who are here: `fill` only what is empty, `newest` what it knows "
        "later, `file` whatever it says.",
    )
    consents = serializers.ChoiceField(
        choices=["proven", "none"],
        required=False,
        help_text="Whether a yes is taken: with date, source and wording, or never. A no always is.",
    )
    wording = Text(WORDING_MAX, required=False, allow_blank=True, help_text="What they said yes to.")
    consent_source = Text(200, required=False, allow_blank=True, help_text="How they said it.")
    tag = Text(40, required=False, allow_blank=True, help_text="Given to every guest of the file.")
    file_date = Day(required=False, allow_null=True, help_text="The day the file tells of.")


@extend_schema_serializer(examples=[OpenApiExample("nightly", {"reacts": True}, request_only=True)])
class StartIn(Strict):
    """How it goes in."""

    reacts = Flag(
        required=False,
        help_text="Whether what the file brings counts as happening now, so that automations react to it: a booking in "
        "it as one that is made now. Left out, an import tells of the past.",
    )


@extend_schema_serializer(
    examples=[OpenApiExample("group", {"outcome": "review", "cause": "same_email", "decision": "create"})]
)
class DecisionIn(Strict):
    """What becomes of rows: of `lines`, or of all of an `outcome` and `cause`."""

    lines = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**31 - 1), required=False, max_length=LINES_MAX
    )
    outcome = Choice(ImportRow.Outcome, required=False)
    cause = Text(20, required=False, allow_blank=True)
    decision = Text(
        8, allow_blank=True, help_text="`create`, `same` (the card the row may mean), `skip`; empty: as proposed."
    )
    guest_id = Id(required=False, help_text="With `same`: this card instead.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["decision"] not in ImportRow.Decision.values:
            raise serializers.ValidationError({"decision": [_("Send create, same, skip or nothing.")]})
        if "lines" not in attrs and "outcome" not in attrs:
            raise serializers.ValidationError({"lines": [_("Say which rows: send lines, or outcome and cause.")]})
        return attrs


class RowQuery(PageQuery):
    """Which rows."""

    outcome = Choice(ImportRow.Outcome, required=False)
    cause = Text(20, required=False, allow_blank=True)


class RowOut(serializers.ModelSerializer):
    """What becomes of a row of the file."""

    reason = serializers.SerializerMethodField(help_text="Why, for people.")
    guest_id = serializers.IntegerField(
        source="customer_id", read_only=True, allow_null=True, help_text="The card it means, or may mean."
    )
    decision = serializers.CharField(read_only=True, help_text="What somebody decided; empty: as proposed.")
    same_as = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="The first line that speaks of the same guest, where it is another."
    )

    class Meta:
        model = ImportRow
        fields = ("line", "outcome", "cause", "reason", "guest_id", "label", "decision", "same_as")
        read_only_fields = fields

    def get_reason(self, row: ImportRow) -> str:
        return cause_sentence(row.outcome, row.cause)


class RowPage(serializers.Serializer):
    """A page of rows."""

    items = RowOut(many=True)
    next = serializers.CharField(allow_null=True)


class RowProblemOut(serializers.ModelSerializer):
    """Something that was not as it should be, in one place of the file."""

    detail = serializers.SerializerMethodField(help_text="What is wrong, for people.")

    class Meta:
        model = ImportProblem
        fields = ("id", "line", "column", "value", "reason", "detail")
        read_only_fields = fields

    def get_detail(self, problem: ImportProblem) -> str:
        return reason_sentence(problem.reason)


class ProblemPage(serializers.Serializer):
    """A page of problems, the first thousand of each kind."""

    items = RowProblemOut(many=True)
    next = serializers.CharField(allow_null=True)


class ColumnOut(serializers.Serializer):
    """A column of the file."""

    name = serializers.CharField()
    samples = serializers.ListField(child=serializers.CharField())


class QuestionOut(serializers.Serializer):
    """What only somebody who knows the file can tell."""

    asked = serializers.CharField(help_text="`meaning`, `needs`, `dates`, `years`, `decimal` or `property`.")
    column = serializers.CharField()
    meaning = serializers.CharField()
    values = serializers.ListField(child=serializers.CharField())
    options = serializers.ListField(child=serializers.CharField())


class MeaningOut(serializers.Serializer):
    """What a column can mean."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    is_required = serializers.BooleanField()


class ColumnsOut(serializers.Serializer):
    """The columns of a file, what they most likely mean, and what they can mean."""

    tables = serializers.ListField(child=serializers.CharField(), help_text="Of a workbook or archive.")
    columns = ColumnOut(many=True)
    layout = serializers.JSONField(help_text="What is told, or else what is most likely; empty when nothing is.")
    questions = QuestionOut(many=True)
    meanings = MeaningOut(many=True)


class ImportOut(serializers.ModelSerializer):
    """A file on its way in. `counts` are what would happen while it is `ready`, and what happened after that."""

    state = serializers.ChoiceField(choices=ImportRun.State.values, read_only=True)
    kind = serializers.ChoiceField(
        choices=ImportRun.Kind.values, read_only=True, allow_blank=True, help_text="Empty while it is not known."
    )
    layout = serializers.JSONField(read_only=True)
    policy = serializers.JSONField(read_only=True)
    rows = serializers.SerializerMethodField(help_text="While `ready`: how many rows do what, decisions included.")
    error = serializers.SerializerMethodField(help_text="Why the file was refused, for people.")
    is_undone = serializers.SerializerMethodField()
    change_set_id = serializers.IntegerField(read_only=True, allow_null=True, help_text="The act in the history.")

    class Meta:
        model = ImportRun
        fields = (
            "id",
            "state",
            "kind",
            "format",
            "file_name",
            "size",
            "sha256",
            "table",
            "layout",
            "policy",
            "rows_about",
            "rows_done",
            "rows",
            "counts",
            "quality",
            "problem_count",
            "reacts",
            "error",
            "change_set_id",
            "is_undone",
            "kept_until",
            "created_at",
            "finished_at",
        )
        read_only_fields = fields

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "integer"}})
    def get_rows(self, run: ImportRun) -> dict[str, int]:
        return row_totals(run=run) if run.state == ImportRun.State.READY else {}

    def get_error(self, run: ImportRun) -> str:
        return stored_sentence(run.error)

    def get_is_undone(self, run: ImportRun) -> bool:
        return run.change_set is not None and run.change_set.state == ChangeSet.State.UNDONE


class ImportPage(serializers.Serializer):
    """A page of imports."""

    items = ImportOut(many=True)
    next = serializers.CharField(allow_null=True)


@extend_schema_serializer(examples=[OpenApiExample("name", {"name": "Old system"}, request_only=True)])
class MappingChange(Strict):
    """Another name."""

    name = Text(80, allow_blank=False)


class MappingOut(serializers.ModelSerializer):
    """What the columns of a kind of file mean, kept under a name."""

    layout = serializers.JSONField(read_only=True)
    policy = serializers.JSONField(read_only=True)

    class Meta:
        model = ImportMapping
        fields = ("id", "name", "kind", "layout", "policy", "created_at", "used_at")
        read_only_fields = fields


class MappingPage(serializers.Serializer):
    """All saved mappings."""

    items = MappingOut(many=True)
