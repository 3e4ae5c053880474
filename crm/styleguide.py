"""The style guide: every component in every state. The fixture of the accessibility and screenshot tests.

``?theme=dark``, ``?lang=nl`` and ``?density=compact`` show it as a member with that preference would see it.
"""

import datetime as dt
import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe

from accounts.access import public
from crm import styleguide_samples as samples
from crm.styleguide_duplicates import duplicates_shown
from crm.templatetags import ui

_SYMBOL = re.compile(r'<symbol id="([^"]+)"')


def _icons() -> list[str]:
    """Names of the icons in the sprite."""
    return _SYMBOL.findall((Path(settings.BASE_DIR) / "static" / "icons.svg").read_text(encoding="utf-8"))


def _context(request: HttpRequest) -> dict[str, Any]:
    theme = request.GET.get("theme", "")
    return {
        "theme": theme if theme in {"light", "dark"} else "system",
        "density": "compact" if request.GET.get("density") == "compact" else "comfortable",
        "sample_user": samples.MEMBER,
        "navigation": samples.NAVIGATION,
        "memberships": samples.MEMBERSHIPS,
        "palette_url": "?part=palette",
        "guests_url": "#guests",
        "new_guest_url": "#new",
        "tokens": samples.TOKENS,
        "icons": _icons(),
        "guests": samples.GUESTS,
        "blank": samples.GuestForm(prefix="new"),
        "refused": samples.refused_form(),
        "off": samples.disabled_form(),
        "inline": samples.GuestForm({"shown-email": "ingrid@gmial"}, prefix="shown"),
        "languages": samples.LANGUAGES,
        "countries": [(code, ui.country(code)) for code in samples.COUNTRIES],
        "steps": [{"label": label, "url": "#"} for label in samples.STEPS],
        "months": samples.MONTHS,
        "takings": samples.takings(),
        "two_years": [("This year", samples.TAKINGS), ("Year before", samples.YEAR_BEFORE)],
        "quality": [("Quality", samples.QUALITY)],
        "day": dt.date(2026, 10, 3),
        "start": dt.date(2026, 11, 21),
        "end": dt.date(2026, 11, 24),
        **duplicates_shown(),
        "moment": dt.datetime(2026, 10, 3, 12, 5, tzinfo=dt.UTC),
    }


@public
@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """The page, and the fragments its own palette and inline edit ask for (``?part=``)."""
    language = request.GET.get("lang") or translation.get_language() or settings.LANGUAGE_CODE
    if language not in dict(settings.LANGUAGES):
        language = settings.LANGUAGE_CODE
    part = request.GET.get("part")
    with translation.override(language):
        if part == "palette":
            query = request.GET.get("q", "").strip()
            found = [guest for guest in samples.GUESTS if query.lower() in guest.name.lower()]
            return render(request, "styleguide/palette.html", {"found": found, "query": query})
        if part == "edit":
            return render(request, "styleguide/edit.html", {"inline": samples.GuestForm(prefix="inline")})
        if part == "email":
            return render(request, "styleguide/email.html")
        return render(request, "styleguide.html", _context(request))
