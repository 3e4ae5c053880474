"""The style guide: every component in every state."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import public


@public
@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component in every state; the fixture of the accessibility and screenshot tests."""
    return render(request, "styleguide.html")
