"""The style guide: every component in every state. The fixture of the accessibility and screenshot tests.

``?theme=dark``, ``?lang=nl`` and ``?density=compact`` show it as a member with that preference would see it.
"""

import datetime as dt
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe

from accounts.access import public
from crm.templatetags import ui

LANGUAGES = [("nb", "Norsk bokmål"), ("da", "Dansk"), ("nl", "Nederlands"), ("en", "English"), ("de", "Deutsch")]
COUNTRIES = ["NO", "SE", "DK", "NL", "DE", "GB", "FR", "BE", "PL", "FI", "IS", "IT", "ES", "US"]
TOKENS = [
    ("bg", "Page"), ("surface", "Card, field"), ("sunken", "Sidebar, code"), ("border", "Hairline"), ("border-strong", "Control"),
    ("text", "Text"), ("text-2", "Second"), ("text-3", "Third"), ("accent", "Accent"), ("accent-hover", "Hover"),
    ("accent-weak", "Chosen"), ("accent-on", "On accent"), ("focus", "Focus"), ("ok", "Good"), ("warn", "Mind"), ("bad", "Wrong"),
    ("info", "Know"), ("vip", "VIP"),
]  # fmt: skip
NAVIGATION = [
    ("Today", "concierge-bell"), ("Guests", "users"), ("Segments", "filter"), ("Duplicates", "merge"), ("Import", "file-up"),
    ("Value", "chart-column"), ("Data quality", "gauge"), ("Members", "user-cog"), ("Settings", "settings"),
]  # fmt: skip
GUESTS = [
    {"name": "Ingrid Sørensen", "kind": "person", "phone": "+47 912 34 567", "detail": "Oslo · last stay 3 Oct 2026", "status": "In house · 214", "tone": "ok", "flags": [("vip", "VIP"), ("warn", "Allergy")], "tags": [("vip", "VIP"), ("", "Regular")], "stays": 14, "last": dt.date(2026, 10, 3), "value": 128400, "language": "nb"},
    {"name": "Ingrid Sorensen", "kind": "person", "phone": "+47 912 34 567", "detail": "Bergen · last stay 12 May 2024", "status": "", "tone": "", "flags": [], "tags": [], "stays": 2, "last": dt.date(2024, 5, 12), "value": 9840, "language": "nb"},
    {"name": "Ingeborg van der Meulen-Hendriksen", "kind": "person", "phone": "+31 6 12345678", "detail": "Amsterdam · arrives tomorrow", "status": "Arrives", "tone": "info", "flags": [], "tags": [("", "Friends & family")], "stays": 5, "last": dt.date(2025, 8, 30), "value": 41220.5, "language": "nl"},
    {"name": "Ingvartsen & Sønner Entreprenør A/S", "kind": "company", "phone": "+45 33 12 34 56", "detail": "Company · Aarhus", "status": "", "tone": "", "flags": [("bad", "Problem")], "tags": [("", "Business")], "stays": 37, "last": dt.date(2026, 11, 2), "value": 612900, "language": "da"},
    {"name": "Ingólfur Þórsson", "kind": "person", "phone": "+354 611 1234", "detail": "Reykjavík · no-show 4 Jul 2025", "status": "", "tone": "", "flags": [("bad", "No-show")], "tags": [("bad", "No-show")], "stays": 1, "last": dt.date(2025, 7, 1), "value": 0, "language": "en"},
]  # fmt: skip
MONTHS = ["Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov"]
TAKINGS = [212, 184, 198, 240, 265, 322, 488, 610, 574, 356, 298, 241]
QUALITY = [61, 62, 62, 64, 69, 71, 72, 78, 80, 84, 88, 92]
YEAR_BEFORE = [190, 176, 205, 221, 240, 301, 452, 560, 590, 330, 270, 228]


class GuestForm(forms.Form):
    """One of each widget, as a real form has them."""

    given_name = forms.CharField(label="Given name", max_length=60)
    family_name = forms.CharField(label="Family name", max_length=60)
    email = forms.EmailField(label="E-mail", help_text="Used for confirmations. Marketing needs a consent of its own.")
    language = forms.ChoiceField(label="Language", choices=LANGUAGES)
    arrival = forms.DateField(label="Arrival", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    channels = forms.MultipleChoiceField(
        label="May be contacted by", required=False, choices=[("email", "E-mail"), ("sms", "SMS"), ("post", "Post")],
        widget=forms.CheckboxSelectMultiple, help_text="As the guest has said.",
    )  # fmt: skip
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    company = forms.BooleanField(label="This is a company", required=False)


def _icons() -> list[str]:
    sprite = (Path(settings.BASE_DIR) / "static" / "icons.svg").read_text(encoding="utf-8")
    return re.findall(r'<symbol id="([^"]+)"', sprite)


def _context(request: HttpRequest) -> dict[str, Any]:
    refused = GuestForm({"bad-given_name": "Ingrid", "bad-email": "ingrid@gmial", "bad-language": "nb", "bad-channels": ["fax"]}, prefix="bad")
    refused.is_valid()
    off = GuestForm(initial={"given_name": "Ingrid", "family_name": "Sørensen", "company": True}, prefix="off")
    for field in off.fields.values():
        field.disabled = True
    return {
        "theme": request.GET.get("theme", "system") if request.GET.get("theme") in {"light", "dark"} else "system",
        "density": "compact" if request.GET.get("density") == "compact" else "comfortable",
        "sample_user": SimpleNamespace(is_authenticated=True, name="Kari Nordmann", email="kari.nordmann@fjordstuen.example", theme="system", density="comfortable", shortcuts=True),
        "navigation": [{"label": label, "url": f"#{icon}", "icon": icon, "current": label == "Guests", "count": 3 if label == "Duplicates" else None} for label, icon in NAVIGATION],
        "memberships": [{"business": SimpleNamespace(pk=number, name=name, slug=slug)} for number, name, slug in [(1, "Fjordstuen Hotell", "fjordstuen"), (2, "Roskilde Konferencecenter", "roskilde")]],
        "palette_url": "?part=palette",
        "guests_url": "#guests",
        "new_guest_url": "#new",
        "tokens": TOKENS,
        "icons": _icons(),
        "guests": GUESTS,
        "blank": GuestForm(prefix="new"),
        "refused": refused,
        "off": off,
        "inline": GuestForm({"inline-email": "ingrid@gmial"}, prefix="inline"),
        "languages": LANGUAGES,
        "countries": [(code, ui.country(code)) for code in COUNTRIES],
        "steps": [{"label": label, "url": "#"} for label in ("Upload", "Match columns", "Preview", "Import")],
        "months": MONTHS,
        "takings": [{"label": label, "value": value * 1000, "url": f"?month={label}"} for label, value in zip(MONTHS, TAKINGS, strict=True)],
        "two_years": [("This year", [value * 1000 for value in TAKINGS]), ("Year before", [value * 1000 for value in YEAR_BEFORE])],
        "quality": [("Quality", QUALITY)],
        "day": dt.date(2026, 10, 3),
        "start": dt.date(2026, 11, 21),
        "end": dt.date(2026, 11, 24),
        "moment": dt.datetime(2026, 10, 3, 12, 5, tzinfo=dt.UTC),
    }  # fmt: skip


@public
@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """The page, and the fragments its own palette and inline edit ask for (``?part=``)."""
    language = request.GET.get("lang", translation.get_language())
    if language not in dict(settings.LANGUAGES):
        language = settings.LANGUAGE_CODE
    with translation.override(language):
        part = request.GET.get("part")
        if part == "palette":
            query = request.GET.get("q", "").strip().lower()
            found = [guest for guest in GUESTS if query in str(guest["name"]).lower()]
            return render(request, "styleguide/palette.html", {"found": found, "query": query})
        if part in {"edit", "email"}:
            return render(request, f"styleguide/{part}.html", {"inline": GuestForm(prefix="inline")})
        return render(request, "styleguide.html", _context(request))
