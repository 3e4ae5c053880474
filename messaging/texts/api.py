"""The API of templates."""

from typing import Any

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.pagination import page_response
from accounts.api.problems import Problem, invalid
from accounts.api.schema import IF_MATCH
from accounts.api.views import READ, stale
from accounts.audit import audit_record
from accounts.services.refusals import Refused
from customers.card.api import GuestView
from customers.card.models import Customer
from messaging.rendering import render
from messaging.rendering.rendered import used_in
from messaging.sms import segments
from messaging.texts.checking import TextRefused
from messaging.texts.models import Channel, Template
from messaging.texts.selectors import as_text, chosen, template_get, template_list, texts_of
from messaging.texts.serializers import (
    PreviewIn,
    PreviewOut,
    TemplateChange,
    TemplateIn,
    TemplateOut,
    TemplatePage,
    TemplateQuery,
    TextIn,
    TextOut,
    draft_in,
    templates_shown,
)
from messaging.texts.services import (
    TextChanged,
    template_archive,
    template_change,
    template_create,
    text_remove,
    text_save,
)
from messaging.texts.showing import WAY_OUT
from messaging.texts.values import Wanted, values_for


class TemplateView(GuestView):
    """Refusals of the services become problems."""

    def problem_of(self, error: Exception) -> Exception:
        match error:
            case Template.DoesNotExist():
                return Http404()
            case TextChanged():
                return stale(TextOut(error.current).data if error.current else None)
            case TextRefused():
                return invalid({problem.path: problem.message for problem in reversed(error.problems)})
            case Refused():
                return invalid({error.field: str(error)}) if error.field else Problem(422, "refused", str(error))
        return super().problem_of(error)

    def template(self, template_id: int, *, status: int = 200) -> Response:
        """A template after a change."""
        return Response(self.told(templates_shown([template_get(template_id)])[0]), status=status)


class Templates(TemplateView):
    """All templates."""

    @extend_schema(
        operation_id="list_templates",
        summary="List templates with their texts",
        tags=["Messages"],
        parameters=[TemplateQuery],
        responses=TemplatePage,
    )
    def get(self, request: Request, slug: str) -> Response:
        query = self.query(TemplateQuery)
        rows = template_list(
            channel=query.get("channel", ""),
            purpose=query.get("purpose", ""),
            is_archived=query.get("is_archived", False),
        )
        return page_response(request, rows, query=query, show=templates_shown)

    @extend_schema(
        operation_id="create_template",
        summary="Make a template",
        tags=["Messages"],
        request=TemplateIn,
        responses={201: TemplateOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        body = self.body(TemplateIn)
        texts = {text["language"]: draft_in(text) for text in body.pop("texts", ())}
        return self.template(template_create(**body, texts=texts).pk, status=201)


class TemplateOfAll(TemplateView):
    """One template."""

    @extend_schema(operation_id="get_template", summary="Read a template", tags=["Messages"], responses=TemplateOut)
    def get(self, request: Request, slug: str, template_id: int) -> Response:
        return self.template(template_id)

    @extend_schema(
        operation_id="update_template",
        summary="Rename a template, put it away or bring it back",
        tags=["Messages"],
        request=TemplateChange,
        responses=TemplateOut,
    )
    def patch(self, request: Request, slug: str, template_id: int) -> Response:
        template_get(template_id)
        body = self.body(TemplateChange)
        archived = body.pop("is_archived", None)
        if body:
            template_change(template_id=template_id, **body)
        if archived is not None:
            template_archive(template_id=template_id, archived=archived)
        return self.template(template_id)


class TextOfTemplate(TemplateView):
    """The words of a template in one language."""

    @extend_schema(
        operation_id="write_template_text",
        summary="Write a template's text in a language",
        description="Keeps a further version; what was sent keeps the words it was sent with.",
        tags=["Messages"],
        parameters=[IF_MATCH],
        request=TextIn,
        responses=TemplateOut,
    )
    def put(self, request: Request, slug: str, template_id: int, language: str) -> Response:
        template_get(template_id)
        body = self.body(TextIn)
        seen = self.expected_version(body)
        text_save(template_id=template_id, language=language, draft=draft_in(body), seen=seen)
        return self.template(template_id)

    @extend_schema(
        operation_id="remove_template_text",
        summary="Remove a language from a template",
        tags=["Messages"],
        parameters=[IF_MATCH],
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, template_id: int, language: str) -> Response:
        template_get(template_id)
        if text_remove(template_id=template_id, language=language, seen=self.expected_version({})) is None:
            raise Http404
        return Response(status=204)


class PreviewOfTemplate(TemplateView):
    """A template as one guest would get it."""

    scopes = {"POST": READ}

    @extend_schema(
        operation_id="preview_template",
        summary="Render a template for a guest",
        description="Sends nothing. Links that only a message that is sent has lead to example.com.",
        tags=["Messages"],
        request=PreviewIn,
        responses=PreviewOut,
    )
    def post(self, request: Request, slug: str, template_id: int) -> Response:
        template = template_get(template_id)
        body = self.body(PreviewIn)
        guest = Customer.objects.get(pk=body["guest_id"])
        stored = chosen(
            texts_of(template_ids=[template_id])[template_id],
            [code for code in (body.get("language"), guest.language, self.business.language) if code],
        )
        if stored is None:
            raise Http404
        audit_record(action="guest.viewed", object_type="customer", object_id=guest.pk)
        text = as_text(stored)
        wanted = Wanted(guest.pk, body.get("stay_id"), body.get("invoice_id"))
        (values,) = values_for([wanted], names=used_in(text) | {"business.name"})
        rendered = render(
            text, values.plus(unsubscribe_link=WAY_OUT, preferences_link=WAY_OUT), language=stored.language
        )
        shown: dict[str, Any] = {"language": stored.language, **rendered._asdict(), "segments": None}
        if template.channel == Channel.SMS:
            shown["segments"] = segments(rendered.text)._asdict()
        return Response(PreviewOut(shown).data)


urlpatterns = [
    path("templates/", Templates.as_view(), name="api_templates"),
    path("templates/<int:template_id>/", TemplateOfAll.as_view(), name="api_template"),
    path("templates/<int:template_id>/preview/", PreviewOfTemplate.as_view(), name="api_template_preview"),
    path("templates/<int:template_id>/texts/<slug:language>/", TextOfTemplate.as_view(), name="api_template_text"),
]
