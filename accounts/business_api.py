"""The API of the business itself: how it is set up, and the postal address that stands below its marketing."""

from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import Strict, Text
from accounts.api.views import ApiView
from accounts.forms.fields import validate_no_link
from accounts.models import Business
from accounts.services import business_change


class BusinessOut(serializers.ModelSerializer):
    """The business a key belongs to."""

    class Meta:
        model = Business
        fields = ("slug", "name", "postal_address", "country", "currency", "time_zone", "language", "languages")
        read_only_fields = fields


@extend_schema_serializer(
    examples=[OpenApiExample("address", {"postal_address": "Fjordveien 12\n6800 Førde"}, request_only=True)]
)
class BusinessIn(Strict):
    """What of the business may be changed by a key; owners change the rest in its settings."""

    postal_address = Text(
        longest=300,
        required=False,
        validators=[validate_no_link],
        help_text="In lines, as on an envelope, without the name; it stands below newsletters and offers.",
    )


class BusinessView(ApiView):
    """The business itself."""

    @extend_schema(
        operation_id="get_business", summary="Read the business itself", tags=["Business"], responses=BusinessOut
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(BusinessOut(self.business).data)

    @extend_schema(
        operation_id="update_business",
        summary="Change the postal address of the business",
        tags=["Business"],
        request=BusinessIn,
        responses=BusinessOut,
    )
    def patch(self, request: Request, slug: str) -> Response:
        business_change(business=self.business, member=None, **self.body(BusinessIn))
        return Response(self.told(BusinessOut(self.business).data))


urlpatterns = [path("business/", BusinessView.as_view(), name="api_business")]
