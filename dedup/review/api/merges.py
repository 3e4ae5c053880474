"""The API of merges: what one would do, do it, take it back."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import PageQuery
from accounts.api.pagination import page_response
from accounts.api.views import READ
from customers.changes.models import ChangeSet
from customers.changes.services import change_set_undo
from dedup.merging.services import merge, merge_preview
from dedup.merging.shown import Preview
from dedup.review.api.frame import DuplicatesView, operation, refuse_strange
from dedup.review.api.serializers import MergeIn, MergeOut, MergePage, MergePreviewIn, MergePreviewOut
from dedup.review.merged import cards_of_merges


class Merges(DuplicatesView):
    """All merges."""

    @operation(
        operation_id="list_merges",
        summary="List merges, undone ones included",
        parameters=[PageQuery],
        responses=MergePage,
    )
    def get(self, request: Request, slug: str) -> Response:
        return page_response(request, _merges(), query=self.query(PageQuery), show=_shown)

    @operation(
        operation_id="merge_guests",
        summary="Make one card of several",
        description="Nothing is dropped: what the cards have moves to the one that stays, under which the others are "
        "found from now on. Nothing is sent, and no automation reacts. It can be undone at any time.",
        request=MergeIn,
        responses={201: MergeOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        body: dict[str, Any] = self.body(MergeIn)
        guests = body["guest_ids"]
        survivor = body.get("survivor_id")
        if survivor is not None and survivor not in guests:
            refuse_strange(["survivor_id"])
        act = merge(
            customer_ids=guests,
            survivor_id=survivor,
            choices=_choices(body.get("choices", {}), guests),
            tags=body.get("tag_ids"),
            versions=_versions(body.get("versions", {})),
        )
        return Response(self.told(_shown([act])[0]), status=201)


class MergePreview(DuplicatesView):
    """What a merge would do."""

    scopes: ClassVar = {"POST": READ}

    @operation(
        operation_id="preview_merge",
        summary="See what merging cards would do",
        description="Nothing is written. It is sent as a POST because it has a body.",
        request=MergePreviewIn,
        responses=MergePreviewOut,
    )
    def post(self, request: Request, slug: str) -> Response:
        preview = merge_preview(customer_ids=self.body(MergePreviewIn)["guest_ids"])
        return Response(MergePreviewOut(_told(preview)).data)


class OneMerge(DuplicatesView):
    """One of them."""

    @operation(operation_id="get_merge", summary="Read a merge", responses=MergeOut)
    def get(self, request: Request, slug: str, merge_id: int) -> Response:
        return Response(_shown([_merges().get(pk=merge_id)])[0])


class MergeUndo(DuplicatesView):
    """Its undo."""

    @operation(
        operation_id="undo_merge",
        summary="Undo a merge",
        description="The cards are there again under their own ids. What was edited or added since stays where it is.",
        request=None,
        responses=MergeOut,
    )
    def post(self, request: Request, slug: str, merge_id: int) -> Response:
        act = _merges().get(pk=merge_id)
        change_set_undo(change_set_id=act.pk)
        act.refresh_from_db()
        return Response(self.told(_shown([act])[0]))


def _merges() -> Any:
    return ChangeSet.objects.filter(kind=ChangeSet.Kind.MERGE)


def _shown(acts: list[ChangeSet]) -> list[Any]:
    cards = cards_of_merges(acts=acts)
    return list(MergeOut(acts, many=True, context={"cards": cards}).data)


def _choices(given: dict[str, int], guests: Sequence[int]) -> dict[str, int]:
    """Field → place of the card among ``guests``."""
    refuse_strange(f"choices.{name}" for name, guest in given.items() if guest not in guests)
    return {name: guests.index(guest) for name, guest in given.items()}


def _versions(given: dict[str, int]) -> dict[int, int]:
    refuse_strange(f"versions.{key}" for key in given if not (key.isascii() and key.isdecimal() and len(key) < 19))
    return {int(key): version for key, version in given.items()}


def _told(preview: Preview) -> dict[str, Any]:
    ids = [card.id for card in preview.cards]
    return {
        "guest_ids": ids,
        "versions": {str(pk): version for pk, version in preview.versions.items()},
        "survivor_id": preview.survivor_id,
        "fields": [
            {"field": each.key, "label": each.label, "values": list(each.values), "chosen_id": ids[each.chosen]}
            for each in (*preview.fields, *preview.own)
            if each.differs
        ],
        "tags": [{"id": tag.pk, "name": str(tag)} for tag, _cards in preview.tags.tags],
        "tags_over_nine": preview.tags.over_nine,
        "moves": preview.moves,
        "consents": [
            {
                "purpose": each.purpose,
                "channel": each.channel,
                "granted": [said.granted for said in each.said],
                "result": each.result,
                "why": each.why,
            }
            for each in preview.consents
        ],
        "warnings": preview.warnings,
    }


urlpatterns = [
    path("merges/", Merges.as_view(), name="api_merges"),
    path("merges/preview/", MergePreview.as_view(), name="api_merge_preview"),
    path("merges/<int:merge_id>/", OneMerge.as_view(), name="api_merge"),
    path("merges/<int:merge_id>/undo/", MergeUndo.as_view(), name="api_merge_undo"),
]
