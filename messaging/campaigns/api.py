"""The API of campaigns."""

from typing import Any

from django.http import Http404
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.pagination import page_response
from accounts.api.problems import Problem, invalid
from accounts.api.schema import IF_MATCH
from accounts.api.views import stale
from accounts.services.refusals import Refused
from customers.card.api import GuestView
from messaging.campaigns.models import Campaign
from messaging.campaigns.preview import campaign_preview
from messaging.campaigns.results import campaign_results
from messaging.campaigns.selectors import campaign_get, campaign_list, campaign_progress
from messaging.campaigns.serializers import (
    CampaignChange,
    CampaignIn,
    CampaignOut,
    CampaignPage,
    CampaignPreviewOut,
    CampaignQuery,
    ResultsOut,
    ResultsQuery,
    fields_in,
)
from messaging.campaigns.services import (
    CampaignChanged,
    campaign_cancel,
    campaign_change,
    campaign_confirm,
    campaign_create,
    campaign_pause,
    campaign_remove,
    campaign_resume,
)
from messaging.campaigns.tasks import campaign_nudge
from messaging.tasks import outbox_nudge

_INPUTS = {
    "segment": "segment_id",
    "template": "template_id",
    "whom": "segment_id",
    "what": "template_id",
    "when": "day",
}
"""Fields of the services as the API calls them."""


class CampaignView(GuestView):
    """Refusals of the services become problems."""

    def problem_of(self, error: Exception) -> Exception:
        match error:
            case Campaign.DoesNotExist():
                return Http404()
            case CampaignChanged():
                return stale(CampaignOut(error.current).data)
            case Refused() if error.field:
                return invalid({_INPUTS.get(error.field, error.field): str(error)})
            case Refused():
                return Problem(409, "refused", str(error))
        return super().problem_of(error)

    def campaign(self, campaign_id: int, *, status: int = 200) -> Response:
        """A campaign after a change."""
        return Response(self.told(CampaignOut(campaign_get(campaign_id=campaign_id)).data), status=status)


class Campaigns(CampaignView):
    """All campaigns."""

    @extend_schema(
        operation_id="list_campaigns",
        summary="List campaigns",
        tags=["Messages"],
        parameters=[CampaignQuery],
        responses=CampaignPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        query = self.query(CampaignQuery)
        found = campaign_list()
        if query.get("state"):
            found = found.filter(state=query["state"])
        return page_response(request, found, query=query, show=CampaignOut)

    @extend_schema(
        operation_id="create_campaign",
        summary="Make a campaign",
        description="It is a draft: nothing leaves before it is sent.",
        tags=["Messages"],
        request=CampaignIn,
        responses={201: CampaignOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        return self.campaign(campaign_create(**fields_in(self.body(CampaignIn))).pk, status=201)


class CampaignOfAll(CampaignView):
    """One campaign."""

    @extend_schema(operation_id="get_campaign", summary="Read a campaign", tags=["Messages"], responses=CampaignOut)
    def get(self, request: Request, slug: str, campaign_id: int) -> Response:
        return self.campaign(campaign_id)

    @extend_schema(
        operation_id="update_campaign",
        summary="Change a draft",
        tags=["Messages"],
        parameters=[IF_MATCH],
        request=CampaignChange,
        responses=CampaignOut,
    )
    def patch(self, request: Request, slug: str, campaign_id: int) -> Response:
        campaign_get(campaign_id=campaign_id)
        body: dict[str, Any] = self.body(CampaignChange)
        version = self.expected_version(body)
        campaign_change(campaign_id=campaign_id, version=version, **fields_in(body))
        return self.campaign(campaign_id)

    @extend_schema(
        operation_id="remove_campaign",
        summary="Remove a draft",
        tags=["Messages"],
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, campaign_id: int) -> Response:
        campaign_remove(campaign_id=campaign_id)
        return Response(status=204)


class PreviewOfCampaign(CampaignView):
    """Whom it would reach."""

    may_be_too_early = True

    @extend_schema(
        operation_id="preview_campaign",
        summary="Tell whom a campaign would reach now, and why not the others",
        tags=["Messages"],
        responses=CampaignPreviewOut,
    )
    def get(self, request: Request, slug: str, campaign_id: int) -> Response:
        campaign = campaign_get(campaign_id=campaign_id)
        preview = campaign_preview(campaign=campaign, business=self.business, now=timezone.now())
        if preview is None:
            raise Problem(409, "refused", "Choose a segment or guests, and a template.")
        return Response(CampaignPreviewOut(preview).data)


class SendOfCampaign(CampaignView):
    """Letting it go out."""

    @extend_schema(
        operation_id="send_campaign",
        summary="Let a campaign go out, at once or when its time comes",
        tags=["Messages"],
        parameters=[IF_MATCH],
        request=None,
        responses=CampaignOut,
    )
    def post(self, request: Request, slug: str, campaign_id: int) -> Response:
        campaign_nudge(campaign_confirm(campaign_id=campaign_id, version=self.expected_version({})))
        return self.campaign(campaign_id)


class PauseOfCampaign(CampaignView):
    """Pausing it."""

    @extend_schema(
        operation_id="pause_campaign",
        summary="Pause a campaign",
        tags=["Messages"],
        request=None,
        responses=CampaignOut,
    )
    def post(self, request: Request, slug: str, campaign_id: int) -> Response:
        campaign_pause(campaign_id=campaign_id)
        return self.campaign(campaign_id)


class ResumeOfCampaign(CampaignView):
    """Going on."""

    @extend_schema(
        operation_id="resume_campaign",
        summary="Go on with a paused campaign",
        description="Nobody is skipped and nobody gets it twice.",
        tags=["Messages"],
        request=None,
        responses=CampaignOut,
    )
    def post(self, request: Request, slug: str, campaign_id: int) -> Response:
        campaign_nudge(campaign_resume(campaign_id=campaign_id))
        outbox_nudge(business_id=self.business.pk)
        return self.campaign(campaign_id)


class CancelOfCampaign(CampaignView):
    """Cancelling it."""

    @extend_schema(
        operation_id="cancel_campaign",
        summary="Cancel a campaign",
        description="What has been sent stays sent.",
        tags=["Messages"],
        request=None,
        responses=CampaignOut,
    )
    def post(self, request: Request, slug: str, campaign_id: int) -> Response:
        campaign_cancel(campaign_id=campaign_id)
        return self.campaign(campaign_id)


class ResultsOfCampaign(CampaignView):
    """What came of it."""

    may_be_too_early = True

    @extend_schema(
        operation_id="get_campaign_results",
        summary="Tell how far a campaign has come and what came of it",
        tags=["Messages"],
        parameters=[ResultsQuery],
        responses=ResultsOut,
    )
    def get(self, request: Request, slug: str, campaign_id: int) -> Response:
        campaign = campaign_get(campaign_id=campaign_id)
        days = self.query(ResultsQuery).get("days")
        results = campaign_results(campaign=campaign, business=self.business, days=days)
        if results is None:
            raise Problem(409, "refused", "It has not begun.")
        told = {
            "progress": campaign_progress(campaign=campaign),
            "messages": results.fates,
            "days": results.days,
            "is_told": results.is_told,
            "first": results.first,
            "last": results.last,
            "sent": results.sent,
            "held": results.held,
            "bookers": results.bookers,
            "spending": results.spending,
        }
        return Response(ResultsOut(told).data)


urlpatterns = [
    path("campaigns/", Campaigns.as_view(), name="api_campaigns"),
    path("campaigns/<int:campaign_id>/", CampaignOfAll.as_view(), name="api_campaign"),
    path("campaigns/<int:campaign_id>/preview/", PreviewOfCampaign.as_view(), name="api_campaign_preview"),
    path("campaigns/<int:campaign_id>/send/", SendOfCampaign.as_view(), name="api_campaign_send"),
    path("campaigns/<int:campaign_id>/pause/", PauseOfCampaign.as_view(), name="api_campaign_pause"),
    path("campaigns/<int:campaign_id>/resume/", ResumeOfCampaign.as_view(), name="api_campaign_resume"),
    path("campaigns/<int:campaign_id>/cancel/", CancelOfCampaign.as_view(), name="api_campaign_cancel"),
    path("campaigns/<int:campaign_id>/results/", ResultsOfCampaign.as_view(), name="api_campaign_results"),
]
