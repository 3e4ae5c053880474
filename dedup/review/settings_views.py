"""The settings of duplicates: two thresholds, whether certain pairs are merged by themselves, how well it does here."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from dedup.register import selectors
from dedup.register.learning import Estimates, estimates
from dedup.register.models import MatchRun
from dedup.register.services import SettingsRefused, settings_save
from dedup.review.forms import MatchSettingsForm
from dedup.review.wording import percent_words


@requires(Capability.MERGE)
@require_http_methods(["GET", "HEAD", "POST"])
def match_settings(request: BusinessRequest, slug: str) -> HttpResponse:
    """Change the thresholds (POST ``propose`` and ``certain``, percent, ``automatic``) and see what decisions tell."""
    settings = selectors.settings_get()
    form = MatchSettingsForm(request.POST or None, initial=MatchSettingsForm.told(settings))
    if request.method == "POST" and form.is_valid():
        try:
            settings_save(**form.values(), member=request.member)
        except SettingsRefused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The settings are saved."))
            return redirect("match_settings", slug=slug)
    run = selectors.run_latest()
    context = {
        "form": form,
        "counts": selectors.counts(),
        "estimates": _told(estimates()),
        "run": run,
        "largest": max((each.get("largest", 0) for each in run.capped), default=0) if run else 0,
        "merging": selectors.run_latest(kind=MatchRun.Kind.MERGE),
        "settings": settings,
    }
    return render(request, "duplicates/settings.html", context, status=422 if form.errors else 200)


def _told(found: Estimates) -> dict[str, Any]:
    """What decisions tell, in words of percent."""
    shares = (
        "precision",
        "precision_low",
        "precision_high",
        "recall",
        "recall_low",
        "recall_high",
        "certain_precision",
    )
    told = {name: getattr(found, name) for name in shares}
    return {
        "found": found,
        "missing": max(0, found.needed - found.decisions),
        **{name: None if share is None else percent_words(share) for name, share in told.items()},
    }
