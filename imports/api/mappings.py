"""Saved mappings."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from imports.api.frame import TAGS, ImportView
from imports.selectors import mapping_get, mapping_list
from imports.serializers import MappingChange, MappingOut, MappingPage
from imports.services.mappings import mapping_remove, mapping_rename


class Mappings(ImportView):
    """Saved mappings."""

    @extend_schema(
        operation_id="list_import_mappings", summary="List the saved mappings", tags=TAGS, responses=MappingPage
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response({"items": MappingOut(mapping_list(), many=True).data})


class Mapping(ImportView):
    """One of them."""

    @extend_schema(operation_id="get_import_mapping", summary="Read a saved mapping", tags=TAGS, responses=MappingOut)
    def get(self, request: Request, slug: str, mapping_id: int) -> Response:
        return Response(MappingOut(mapping_get(mapping_id=mapping_id)).data)

    @extend_schema(
        operation_id="rename_import_mapping",
        summary="Rename a saved mapping",
        tags=TAGS,
        request=MappingChange,
        responses=MappingOut,
    )
    def patch(self, request: Request, slug: str, mapping_id: int) -> Response:
        mapping_get(mapping_id=mapping_id)
        mapping = mapping_rename(mapping_id=mapping_id, name=self.body(MappingChange)["name"])
        return Response(self.told(MappingOut(mapping).data, self.request.data))

    @extend_schema(
        operation_id="remove_import_mapping",
        summary="Remove a saved mapping",
        tags=TAGS,
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, mapping_id: int) -> Response:
        mapping_remove(mapping_id=mapping_id)
        return Response(status=204)
