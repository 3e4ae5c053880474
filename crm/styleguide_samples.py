"""What the style guide shows: guests, figures and forms made up for it. None of it is anybody's."""

import datetime as dt
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from django import forms

LANGUAGES = [("nb", "Norsk bokmål"), ("da", "Dansk"), ("nl", "Nederlands"), ("en", "English"), ("de", "Deutsch")]
COUNTRIES = ["NO", "SE", "DK", "NL", "DE", "GB", "FR", "BE", "PL", "FI", "IS", "IT", "ES", "US"]
STEPS = ["Upload", "Match columns", "Preview", "Import"]
MONTHS = ["Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov"]
TAKINGS = [212_000, 184_000, 198_000, 240_000, 265_000, 322_000, 488_000, 610_000, 574_000, 356_000, 298_000, 241_000]
YEAR_BEFORE = [
    190_000,
    176_000,
    205_000,
    221_000,
    240_000,
    301_000,
    452_000,
    560_000,
    590_000,
    330_000,
    270_000,
    228_000,
]
QUALITY = [61, 62, 62, 64, 69, 71, 72, 78, 80, 84, 88, 92]
TOKENS = [
    ("bg", "Page"),
    ("surface", "Card, field"),
    ("sunken", "Sidebar, code"),
    ("border", "Hairline"),
    ("border-strong", "Control"),
    ("text", "Text"),
    ("text-2", "Second"),
    ("text-3", "Third"),
    ("accent", "Accent"),
    ("accent-hover", "Hover"),
    ("accent-weak", "Chosen"),
    ("accent-on", "On accent"),
    ("focus", "Focus"),
    ("ok", "Good"),
    ("warn", "Mind"),
    ("bad", "Wrong"),
    ("info", "Know"),
    ("vip", "VIP"),
]
_ROOMS = [
    ("Today", "concierge-bell"),
    ("Guests", "users"),
    ("Segments", "filter"),
    ("Duplicates", "merge"),
    ("Import", "file-up"),
    ("Value", "chart-column"),
    ("Data quality", "gauge"),
    ("Members", "user-cog"),
    ("Settings", "settings"),
]
NAVIGATION = [
    {
        "label": label,
        "url": f"#{icon}",
        "icon": icon,
        "current": label == "Guests",
        "count": 3 if label == "Duplicates" else None,
    }
    for label, icon in _ROOMS
]
MEMBERSHIPS = [
    {"business": SimpleNamespace(pk=1, name="Fjordstuen Hotell", slug="fjordstuen")},
    {"business": SimpleNamespace(pk=2, name="Roskilde Konferencecenter", slug="roskilde")},
]
MEMBER = SimpleNamespace(
    is_authenticated=True,
    name="Kari Nordmann",
    email="kari.nordmann@fjordstuen.example",
    theme="system",
    density="comfortable",
    shortcuts=True,
)


@dataclass(frozen=True)
class SampleGuest:
    """One row of the list and of the palette."""

    name: str
    phone: str
    detail: str
    stays: int
    last: dt.date
    value: float
    kind: str = "person"
    status: str = ""
    tone: str = ""
    flags: list[tuple[str, str]] = field(default_factory=list)
    tags: list[tuple[str, str]] = field(default_factory=list)


GUESTS = [
    SampleGuest(
        "Ingrid Sørensen",
        "+47 912 34 567",
        "Oslo · last stay 3 Oct 2026",
        stays=14,
        last=dt.date(2026, 10, 3),
        value=128_400,
        status="In house · 214",
        tone="ok",
        flags=[("vip", "VIP"), ("warn", "Allergy")],
        tags=[("vip", "VIP"), ("", "Regular")],
    ),
    SampleGuest(
        "Ingrid Sorensen",
        "+47 912 34 567",
        "Bergen · last stay 12 May 2024",
        stays=2,
        last=dt.date(2024, 5, 12),
        value=9_840,
    ),
    SampleGuest(
        "Ingeborg van der Meulen-Hendriksen",
        "+31 6 12345678",
        "Amsterdam · arrives tomorrow",
        stays=5,
        last=dt.date(2025, 8, 30),
        value=41_220.5,
        status="Arrives",
        tone="info",
        tags=[("", "Friends & family")],
    ),
    SampleGuest(
        "Ingvartsen & Sønner Entreprenør A/S",
        "+45 33 12 34 56",
        "Company · Aarhus",
        stays=37,
        last=dt.date(2026, 11, 2),
        value=612_900,
        kind="company",
        flags=[("bad", "Problem")],
        tags=[("", "Business")],
    ),
    SampleGuest(
        "Ingólfur Þórsson",
        "+354 611 1234",
        "Reykjavík · no-show 4 Jul 2025",
        stays=1,
        last=dt.date(2025, 7, 1),
        value=0,
        flags=[("bad", "No-show")],
        tags=[("bad", "No-show")],
    ),
]


class GuestForm(forms.Form):
    """One of each widget, as a real form has them."""

    given_name = forms.CharField(label="Given name", max_length=60)
    family_name = forms.CharField(label="Family name", max_length=60)
    email = forms.EmailField(label="E-mail", help_text="Used for confirmations. Marketing needs a consent of its own.")
    language = forms.ChoiceField(label="Language", choices=LANGUAGES)
    arrival = forms.DateField(label="Arrival", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    channels = forms.MultipleChoiceField(
        label="May be contacted by",
        required=False,
        choices=[("email", "E-mail"), ("sms", "SMS"), ("post", "Post")],
        widget=forms.CheckboxSelectMultiple,
        help_text="As the guest has said.",
    )
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    company = forms.BooleanField(label="This is a company", required=False)


def refused_form() -> GuestForm:
    """A form sent with a missing name, half an address and a choice that does not exist."""
    form = GuestForm(
        {"bad-given_name": "Ingrid", "bad-email": "ingrid@gmial", "bad-language": "nb", "bad-channels": ["fax"]},
        prefix="bad",
    )
    form.is_valid()
    return form


def disabled_form() -> GuestForm:
    """A form whose fields may be read but not changed."""
    form = GuestForm(initial={"given_name": "Ingrid", "family_name": "Sørensen", "company": True}, prefix="off")
    for one in form.fields.values():
        one.disabled = True
    return form


def takings() -> list[dict[str, Any]]:
    """A year of takings in kroner, each month opening its list."""
    return [
        {"label": label, "value": value, "url": f"?month={label}"} for label, value in zip(MONTHS, TAKINGS, strict=True)
    ]
