"""The API of webhooks.

Whoever says where webhooks go will read guests there: making one, changing one and a new secret take a key that may
read as well as write.
"""

from collections.abc import Callable
from typing import Any

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.pagination import page_response
from accounts.api.problems import Problem, invalid
from accounts.api.schema import IF_MATCH
from accounts.api.views import READ, ApiView, stale
from accounts.services.refusals import Refused
from messaging.tasks import webhooks_nudge
from messaging.webhooks.models import WebhookDelivery, WebhookEndpoint
from messaging.webhooks.selectors import delivery_get, delivery_list, endpoint_get, endpoint_list
from messaging.webhooks.serializers import (
    DeliveryOut,
    DeliveryPageOut,
    DeliveryQuery,
    DeliveryWholeOut,
    ResentOut,
    WebhookChange,
    WebhookIn,
    WebhookMadeOut,
    WebhookOut,
    WebhookPage,
)
from messaging.webhooks.services import (
    EndpointChanged,
    NewSecret,
    deliveries_resend,
    endpoint_change,
    endpoint_create,
    endpoint_remove,
    endpoint_rotate,
    endpoint_try,
)

TAGS = ["Webhooks"]


class WebhookView(ApiView):
    """Refusals of the services become problems. A secret is told to whoever asked for it and kept nowhere."""

    _secret = ""

    def handle_exception(self, exc: Exception) -> Response:
        match exc:
            case WebhookEndpoint.DoesNotExist() | WebhookDelivery.DoesNotExist():
                exc = Http404()
            case EndpointChanged():
                exc = stale(self.told(WebhookOut(exc.current).data, self.request.data))
            case Refused():
                exc = invalid({exc.field: str(exc)}) if exc.field else Problem(409, "refused", str(exc))
        return super().handle_exception(exc)

    def _once(self, request: Request, handler: Callable[..., Response]) -> Callable[..., Response]:
        """An answer is kept for its Idempotency-Key without the secret."""
        post = super()._once(request, handler)

        def told(request: Request, *args: Any, **kwargs: Any) -> Response:
            answer = post(request, *args, **kwargs)
            if self._secret:
                answer.data = {**answer.data, "secret": self._secret}
            return answer

        return told

    def needs_read(self) -> None:
        """Refuse a key that may write and not read."""
        if not self.caller.may(READ):
            detail = _("This key lacks the scope “%(scope)s”. Make one that has it under Settings, Connections.")
            raise Problem(403, "scope_missing", detail % {"scope": READ.value}, scope=READ.value)

    def made(self, made: NewSecret, *, status: int = 200) -> Response:
        """An endpoint whose secret is to be told."""
        self._secret = made.secret
        return Response(WebhookOut(made.endpoint).data, status=status)


class Webhooks(WebhookView):
    """All of them."""

    @extend_schema(operation_id="list_webhooks", summary="List webhooks", tags=TAGS, responses=WebhookPage)
    def get(self, request: Request, slug: str) -> Response:
        return Response({"items": WebhookOut(endpoint_list(), many=True).data})

    @extend_schema(
        operation_id="create_webhook",
        summary="Make a webhook",
        description="An address to which automations can tell things. The answer has the secret that signs them, once."
        " The key must be allowed to read, too.",
        tags=TAGS,
        request=WebhookIn,
        responses={201: WebhookMadeOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        self.needs_read()
        return self.made(endpoint_create(business=self.business, **self.body(WebhookIn)), status=201)


class OneWebhook(WebhookView):
    """One of them."""

    @extend_schema(operation_id="get_webhook", summary="Read a webhook", tags=TAGS, responses=WebhookOut)
    def get(self, request: Request, slug: str, webhook_id: int) -> Response:
        return Response(WebhookOut(endpoint_get(endpoint_id=webhook_id)).data)

    @extend_schema(
        operation_id="update_webhook",
        summary="Change a webhook",
        description="Another address gets everything from then on, also what still waits. The key must be allowed to"
        " read, too.",
        tags=TAGS,
        parameters=[IF_MATCH],
        request=WebhookChange,
        responses=WebhookOut,
    )
    def patch(self, request: Request, slug: str, webhook_id: int) -> Response:
        self.needs_read()
        endpoint_get(endpoint_id=webhook_id)
        body = self.body(WebhookChange)
        version = self.expected_version(body)
        endpoint = endpoint_change(endpoint_id=webhook_id, version=version, **body)
        webhooks_nudge(business_id=self.business.pk)
        return Response(WebhookOut(endpoint).data)

    @extend_schema(
        operation_id="remove_webhook",
        summary="Remove a webhook",
        description="With its secret and its deliveries. Automations that use it tell nobody from then on.",
        tags=TAGS,
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, webhook_id: int) -> Response:
        endpoint_remove(endpoint_id=webhook_id)
        return Response(status=204)


class SecretOfWebhook(WebhookView):
    """Its secret."""

    @extend_schema(
        operation_id="rotate_webhook_secret",
        summary="Give a webhook a new secret",
        description="For 24 hours webhooks are signed with the old one too. The key must be allowed to read, too.",
        tags=TAGS,
        request=None,
        responses=WebhookMadeOut,
    )
    def post(self, request: Request, slug: str, webhook_id: int) -> Response:
        self.needs_read()
        return self.made(endpoint_rotate(endpoint_id=webhook_id, business=self.business))


class TestsOfWebhook(WebhookView):
    """Trying it."""

    @extend_schema(
        operation_id="test_webhook",
        summary="Deliver a test to a webhook",
        description="It tells of no guest. A worker delivers it; its delivery tells what became of it. At most 20 an"
        " hour.",
        tags=TAGS,
        request=None,
        responses=DeliveryOut,
    )
    def post(self, request: Request, slug: str, webhook_id: int) -> Response:
        delivery = endpoint_try(endpoint_id=webhook_id)
        webhooks_nudge(business_id=self.business.pk)
        return Response(self.told(DeliveryOut(delivery).data))


class DeliveriesOfWebhook(WebhookView):
    """What was delivered to it."""

    @extend_schema(
        operation_id="list_webhook_deliveries",
        summary="List the deliveries of a webhook",
        description="Of the last 30 days.",
        tags=TAGS,
        parameters=[DeliveryQuery],
        responses=DeliveryPageOut,
    )
    def get(self, request: Request, slug: str, webhook_id: int) -> Response:
        endpoint_get(endpoint_id=webhook_id)
        query = self.query(DeliveryQuery)
        found = delivery_list(endpoint_id=webhook_id, state=query.get("state", ""))
        return page_response(request, found, query=query, show=DeliveryOut)


class OneDelivery(WebhookView):
    """One delivery."""

    @extend_schema(
        operation_id="get_webhook_delivery",
        summary="Read a delivery of a webhook with what it says",
        tags=TAGS,
        responses=DeliveryWholeOut,
    )
    def get(self, request: Request, slug: str, webhook_id: int, delivery_id: int) -> Response:
        return Response(DeliveryWholeOut(delivery_get(endpoint_id=webhook_id, delivery_id=delivery_id)).data)


class ResendOfDelivery(WebhookView):
    """Delivering one again."""

    @extend_schema(
        operation_id="resend_webhook_delivery",
        summary="Deliver a webhook again",
        description="Under the same `webhook-id`. What is under way anyway stays as it is.",
        tags=TAGS,
        request=None,
        responses=ResentOut,
    )
    def post(self, request: Request, slug: str, webhook_id: int, delivery_id: int) -> Response:
        delivery_get(endpoint_id=webhook_id, delivery_id=delivery_id)
        number = deliveries_resend(endpoint_id=webhook_id, delivery_ids=[delivery_id])
        webhooks_nudge(business_id=self.business.pk)
        return Response({"resent": number})


class ResendOfWebhook(WebhookView):
    """Delivering all again that did not get through."""

    @extend_schema(
        operation_id="resend_webhook_deliveries",
        summary="Deliver again all that failed or is unclear",
        tags=TAGS,
        request=None,
        responses=ResentOut,
    )
    def post(self, request: Request, slug: str, webhook_id: int) -> Response:
        number = deliveries_resend(endpoint_id=webhook_id)
        webhooks_nudge(business_id=self.business.pk)
        return Response({"resent": number})


_DELIVERY = "webhooks/<int:webhook_id>/deliveries/<int:delivery_id>/"
urlpatterns = [
    path("webhooks/", Webhooks.as_view(), name="api_webhooks"),
    path("webhooks/<int:webhook_id>/", OneWebhook.as_view(), name="api_webhook"),
    path("webhooks/<int:webhook_id>/secret/", SecretOfWebhook.as_view(), name="api_webhook_secret"),
    path("webhooks/<int:webhook_id>/test/", TestsOfWebhook.as_view(), name="api_webhook_test"),
    path("webhooks/<int:webhook_id>/resend/", ResendOfWebhook.as_view(), name="api_webhook_resend"),
    path("webhooks/<int:webhook_id>/deliveries/", DeliveriesOfWebhook.as_view(), name="api_webhook_deliveries"),
    path(_DELIVERY, OneDelivery.as_view(), name="api_webhook_delivery"),
    path(f"{_DELIVERY}resend/", ResendOfDelivery.as_view(), name="api_webhook_delivery_resend"),
]
