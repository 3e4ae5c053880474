"""The API of messages to one guest."""

from secrets import token_urlsafe

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.problems import Problem, invalid
from accounts.services.refusals import Refused
from customers.card.api import GuestView
from customers.card.models import Customer
from messaging.outbox.selectors import message_get
from messaging.outbox.serializers import MessageOut
from messaging.tasks import outbox_nudge
from messaging.texts.models import Template
from messaging.texts.selectors import template_get
from messaging.written.serializers import MessageIn
from messaging.written.services import message_send, written_template, written_words


class MessagesOfGuest(GuestView):
    """Messages to one guest."""

    def problem_of(self, error: Exception) -> Exception:
        match error:
            case Template.DoesNotExist():
                return Http404()
            case Refused():
                field = "template_id" if error.field == "template" else error.field
                return invalid({field: str(error)}) if field else Problem(409, "refused", str(error))
        return super().problem_of(error)

    @extend_schema(
        operation_id="write_to_guest",
        summary="Write to a guest",
        description="Goes out at once, or when the hours allow it. Refused with 409 and the reason where the guest may"
        " not be written to. What became of it: `list_messages`.",
        tags=["Messages"],
        request=MessageIn,
        responses={201: MessageOut},
    )
    def post(self, request: Request, slug: str, customer_id: int) -> Response:
        guest = Customer.objects.get(pk=customer_id)
        body = self.body(MessageIn)
        template_id = body.pop("template_id", None)
        if template_id is not None:
            written = written_template(template=template_get(template_id), guest=guest)
        else:
            written = written_words(**{"subject": "", **body}, guest=guest, business=self.business)
        message = message_send(written=written, guest=guest, token=token_urlsafe(12))
        outbox_nudge(business_id=self.business.pk)
        return Response(self.told(MessageOut(message_get(message_id=message.pk)).data), status=201)


urlpatterns = [path("guests/<int:customer_id>/messages/", MessagesOfGuest.as_view(), name="api_guest_messages")]
