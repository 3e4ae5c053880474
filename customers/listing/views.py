"""The guest list."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability


@requires(Capability.LOOK_UP)
@require_safe
def guest_list(request: BusinessRequest, slug: str) -> HttpResponse:
    """A page."""
    return HttpResponse("")
