"""The API of messages."""

from collections.abc import Callable, Mapping
from typing import Final

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.pagination import page_response
from accounts.api.problems import Problem, invalid
from accounts.api.views import ApiView
from customers.lineage.selectors import survivor_of
from messaging.gate.selectors import settings_get
from messaging.gate.services import settings_save
from messaging.outbox.deciding import cancel, retry_unknown, settle_unknown
from messaging.outbox.forms import GateForm
from messaging.outbox.late import late_leave, late_send
from messaging.outbox.models import Message
from messaging.outbox.selectors import Asked, message_get, message_list
from messaging.outbox.serializers import (
    Decided,
    DecisionIn,
    MessageOut,
    MessagePage,
    MessageQuery,
    TimesIn,
    TimesOut,
    asked_of,
)
from messaging.tasks import outbox_nudge

_DECISIONS: Final[Mapping[str, Callable[..., int]]] = {
    Decided.RETRY: retry_unknown,
    Decided.SETTLE: settle_unknown,
    Decided.SEND: late_send,
    Decided.LEAVE: late_leave,
}


class MessageView(ApiView):
    """A message that there is not is a 404."""

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(Http404() if isinstance(exc, Message.DoesNotExist) else exc)


class Messages(MessageView):
    """All messages."""

    @extend_schema(
        operation_id="list_messages",
        summary="List messages to guests and what became of them",
        tags=["Messages"],
        parameters=[MessageQuery],
        responses=MessagePage,
    )
    def get(self, request: Request, slug: str) -> Response:
        query = self.query(MessageQuery)
        asked = asked_of(query)
        if asked["customer_id"] is not None:
            asked["customer_id"] = survivor_of(customer_id=asked["customer_id"]) or asked["customer_id"]
        found = message_list(asked=Asked(**asked)).select_related("template_text")
        return page_response(request, found, query=query, show=MessageOut)


class MessageOfAll(MessageView):
    """One message."""

    @extend_schema(operation_id="get_message", summary="Read a message", tags=["Messages"], responses=MessageOut)
    def get(self, request: Request, slug: str, message_id: int) -> Response:
        return Response(MessageOut(message_get(message_id=message_id)).data)


class MessageCancel(MessageView):
    """Its end before it left."""

    @extend_schema(
        operation_id="cancel_message",
        summary="Cancel a message that has not left",
        description="A message that has been handed over cannot be taken back: that is refused with 409.",
        tags=["Messages"],
        request=None,
        responses=MessageOut,
    )
    def post(self, request: Request, slug: str, message_id: int) -> Response:
        message = message_get(message_id=message_id)
        is_cancelled = message.state == Message.State.SKIPPED and message.reason == "cancelled"
        if not is_cancelled and not cancel(ids=[message.pk]):
            raise Problem(409, "refused", _("It was too late to cancel: the message is no longer waiting."))
        return Response(self.told(MessageOut(message_get(message_id=message_id)).data))


class MessageDecide(MessageView):
    """What becomes of one in doubt."""

    @extend_schema(
        operation_id="decide_message",
        summary="Decide about a message that is in doubt, or came too late",
        description="`retry` and `settle` are for a message of which nobody knows whether it went, `send` and `leave`"
        " for one that was not sent because it came too late, or may have gone before a backup was read in (`late=true`"
        " of the list finds those). Another is refused with 409.",
        tags=["Messages"],
        request=DecisionIn,
        responses=MessageOut,
    )
    def post(self, request: Request, slug: str, message_id: int) -> Response:
        message = message_get(message_id=message_id)
        decision = self.body(DecisionIn)["decision"]
        if not _DECISIONS[decision](ids=[message.pk]):
            is_late = decision in (Decided.SEND, Decided.LEAVE)
            told = _("It does not wait for a decision any more.") if is_late else _("Nothing was in doubt any more.")
            raise Problem(409, "refused", told)
        if decision in (Decided.RETRY, Decided.SEND):
            outbox_nudge(business_id=self.business.pk)
        return Response(self.told(MessageOut(message_get(message_id=message_id)).data))


class Times(ApiView):
    """When messages go out, and how many."""

    @extend_schema(
        operation_id="get_message_times",
        summary="Read when news and offers go out, and how often one guest hears from the business",
        tags=["Messages"],
        responses=TimesOut,
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(TimesOut(settings_get()).data)

    @extend_schema(
        operation_id="update_message_times",
        summary="Change when news and offers go out, and how often one guest hears from the business",
        description="Messages that wait follow it, too.",
        tags=["Messages"],
        request=TimesIn,
        responses=TimesOut,
    )
    def patch(self, request: Request, slug: str) -> Response:
        kept = settings_get()
        form = GateForm({name: getattr(kept, name) for name in GateForm.base_fields} | self.body(TimesIn))
        if not form.is_valid():
            raise invalid({name: " ".join(map(str, errors)) for name, errors in form.errors.items()})
        return Response(TimesOut(settings_save(**form.cleaned_data)).data)


urlpatterns = [
    path("messages/", Messages.as_view(), name="api_messages"),
    path("messages/<int:message_id>/", MessageOfAll.as_view(), name="api_message"),
    path("messages/<int:message_id>/cancel/", MessageCancel.as_view(), name="api_message_cancel"),
    path("messages/<int:message_id>/decide/", MessageDecide.as_view(), name="api_message_decide"),
    path("message-times/", Times.as_view(), name="api_message_times"),
]
