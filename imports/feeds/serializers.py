"""Nightly imports as the API takes and gives them."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import Choice, Flag, Id, Strict, Text
from imports.feeds.services import KEY_MAX
from imports.models import ImportFeed, ImportFetch, ImportRun
from imports.wording import stored_sentence


@extend_schema_field({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "example": "03:00"})
class Clock(serializers.TimeField):
    """A time of day, ``03:00``, in the business's zone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M"], **kwargs)

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str) or len(value) != 5:
            self.fail("invalid", format="hh:mm")
        return super().to_internal_value(value)


class _Sentence(serializers.CharField):
    """Why it failed, in the caller's language; empty when it did not."""

    def to_representation(self, value: Any) -> str:
        return stored_sentence(value)


class FeedOut(serializers.ModelSerializer):
    """A nightly import. Its key is never given out."""

    address = serializers.SerializerMethodField(
        help_text="The https address, without what stands behind a question mark, which may be a key; or the folder."
    )
    mapping_id = serializers.IntegerField(read_only=True, help_text="The saved mapping.")
    at = Clock(read_only=True, help_text="When it is fetched, in the business's zone; not for a folder.")
    has_key = serializers.SerializerMethodField(help_text="Whether a key is kept for the address.")
    error = _Sentence(read_only=True, help_text="Why the last time failed; empty when it did not.")

    class Meta:
        model = ImportFeed
        fields = (
            "id",
            "name",
            "source",
            "address",
            "has_key",
            "mapping_id",
            "at",
            "is_on",
            "state",
            "error",
            "last_at",
            "next_at",
            "created_at",
        )
        read_only_fields = fields

    def get_address(self, feed: ImportFeed) -> str:
        return feed.address.partition("?")[0]

    def get_has_key(self, feed: ImportFeed) -> bool:
        return bool(feed.secret_key)


class FeedPage(serializers.Serializer):
    """All nightly imports by name."""

    items = FeedOut(many=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "address",
            {"name": "Mews", "address": "https://export.example.org/guests.csv", "mapping_id": 1, "at": "03:00"},
            request_only=True,
        )
    ]
)
class FeedIn(Strict):
    """A new nightly import."""

    name = Text(80, allow_blank=False)
    source = Choice(ImportFeed.Source, required=False, help_text="`https` unless told.")  # type: ignore[assignment]
    address = Text(
        1_000, allow_blank=False, help_text="The https address of the file, or the name of the folder on the server."
    )
    key = Text(KEY_MAX, required=False, help_text="What the address expects in the header Authorization.")
    mapping_id = Id(help_text="A saved mapping.")
    at = Clock(required=False)
    is_on = Flag(required=False)


@extend_schema_serializer(examples=[OpenApiExample("pause", {"is_on": False}, request_only=True)])
class FeedChange(Strict):
    """What is to change of a nightly import; what is left out stays. An empty `key` removes it."""

    name = Text(80, required=False, allow_blank=False)
    address = Text(
        1_000, required=False, allow_blank=False, help_text="Another server does not get the key that is kept."
    )
    key = Text(KEY_MAX, required=False)
    mapping_id = Id(required=False)
    at = Clock(required=False)
    is_on = Flag(required=False)


class FetchOut(serializers.ModelSerializer):
    """One time that it was fetched, and what came of it."""

    run_id = serializers.IntegerField(read_only=True, allow_null=True, help_text="The import; null: there was none.")
    error = _Sentence(read_only=True, help_text="Why it failed; empty when it did not.")
    rows = serializers.SerializerMethodField(help_text="Rows of the file; null: nothing was imported.")

    class Meta:
        model = ImportFetch
        fields = ("id", "state", "error", "run_id", "rows", "size", "begun_at", "finished_at")
        read_only_fields = fields

    def get_rows(self, fetch: ImportFetch) -> int | None:
        done = fetch.run is not None and fetch.run.state == ImportRun.State.DONE
        return fetch.run.rows_done if fetch.run is not None and done else None


class FetchPage(serializers.Serializer):
    """The latest fetches, newest first."""

    items = FetchOut(many=True)
