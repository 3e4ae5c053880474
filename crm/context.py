"""What every page's frame needs: navigation, the look-up's address, the user's businesses."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import Business, Capability, Member
from accounts.selectors import membership_list

LANGUAGE_NAMES = {
    "en": "English",
    "nb": "Norsk bokmål",
    "da": "Dansk",
    "nl": "Nederlands",
}
"""Languages by the name their speakers use; not translated."""


def shell(request: HttpRequest) -> dict[str, Any]:
    """Variables of ``templates/base.html``. Outside a business: the way back to one's businesses, no look-up."""
    context: dict[str, Any] = {
        "language_names": [(code, LANGUAGE_NAMES[code]) for code, _label in settings.LANGUAGES],
        "is_demo": settings.INNKEEPER_DEMO,
        "has_mail": settings.INNKEEPER_HAS_MAIL,
        "signup_open": settings.INNKEEPER_SIGN_UP,
    }
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        if settings.INNKEEPER_DEMO:
            context["demo"] = SimpleLazyObject(_demo)
        return context
    here = getattr(request, "business", None)
    context["memberships"] = SimpleLazyObject(lambda: _businesses(user.pk, here))
    member: Member | None = getattr(request, "member", None)
    if member is None:
        # On one's own pages the sidebar leads back to where one works.
        context["navigation"] = SimpleLazyObject(
            lambda: [
                {"label": each["business"].name, "url": each["url"], "icon": "building-2", "current": False}
                for each in context["memberships"]
            ]
        )
        return context
    slug = request.business.slug  # type: ignore[attr-defined]
    context["navigation"] = _navigation(request, slug, member)
    context["settings_pages"] = SimpleLazyObject(lambda: _settings(request, slug, member))
    context["message_pages"] = SimpleLazyObject(lambda: _message_pages(request, slug, member))
    context["palette_url"] = reverse("guest_lookup", kwargs={"slug": slug})
    context["guests_url"] = reverse("guest_list", kwargs={"slug": slug})
    if member.can(Capability.EDIT):
        context["new_guest_url"] = reverse("guest_new", kwargs={"slug": slug})
    return context


def _demo() -> dict[str, Any]:
    """Who can sign in to the demo, for the sign-in page; the password is printed for everybody anyway."""
    from customers.sample.businesses import DEMO_PASSWORD, demo_sign_ins

    return {"people": demo_sign_ins(), "password": DEMO_PASSWORD}


def _businesses(user_id: int, here: Business | None) -> list[dict[str, Any]]:
    """The user's businesses, for the switch in the sidebar."""
    return [
        {
            "business": membership.business,
            "url": reverse("business_home", kwargs={"slug": membership.business.slug}),
            "current": membership.business == here,
        }
        for membership in membership_list(user_id=user_id)
    ]


def _navigation(request: HttpRequest, slug: str, member: Member) -> list[dict[str, Any]]:
    """The sidebar's entries that this member may use; ``current`` marks the room one is in."""
    rooms = (
        ("business_home", _("Today"), "concierge-bell", Capability.LOOK_UP),
        ("guest_list", _("Guests"), "users", Capability.LOOK_UP),
        ("match_list", _("Duplicates"), "merge", Capability.PROPOSE),
        ("segment_list", _("Segments"), "chart-pie", Capability.LOOK_UP),
        ("automation_list", _("Automations"), "workflow", Capability.AUTOMATE),
        ("todo_list", pgettext("of staff", "Tasks"), "clipboard-check", Capability.LOOK_UP),
        ("import_list", _("Import"), "file-up", Capability.IMPORT),
        ("activity_log", _("Activity"), "history", Capability.AUDIT),
        ("member_list", _("Members"), "user-cog", Capability.MEMBERS),
    )
    here = getattr(request.resolver_match, "route", "").removeprefix("b/<slug:slug>/").split("/")[0]
    # What was done to guests is the other half of what was done; Today is the business's first page.
    here = {"changes": "activity", "today": ""}.get(here, here)
    entries = []
    for name, label, icon, capability in rooms:
        if not member.can(capability):
            continue
        url = reverse(name, kwargs={"slug": slug})
        room = url.removeprefix(f"/b/{slug}/").split("/")[0]
        entries.append({"label": label, "url": url, "icon": icon, "current": here == room})
    written = _message_pages(request, slug, member)
    if written:
        place = next((at for at, each in enumerate(entries) if each["label"] == _("Segments")), 0) + 1
        entry = {"label": _("Messages"), "url": written[0]["url"], "icon": "mail", "current": here == "messages"}
        entries.insert(place, entry)
    pages = _settings(request, slug, member)
    if pages:
        entries.append(
            {"label": _("Settings"), "url": pages[0]["url"], "icon": "settings", "current": here == "settings"}
        )
    return entries


def _settings(request: HttpRequest, slug: str, member: Member) -> list[dict[str, Any]]:
    """The pages of the settings that this member may use, as tabs."""
    pages = (
        ("business_settings", _("Business"), Capability.BUSINESS),
        ("field_list", _("Fields"), Capability.SET_UP),
        ("product_list", _("Products"), Capability.SET_UP),
        ("wording_list", _("Wordings"), Capability.SET_UP),
        ("match_settings", _("Duplicates"), Capability.MERGE),
        ("key_list", _("Connections"), Capability.KEYS),
        ("webhook_list", _("Webhooks"), Capability.KEYS),
    )
    return _tabs(request, slug, member, pages, above="settings/")


def _message_pages(request: HttpRequest, slug: str, member: Member) -> list[dict[str, Any]]:
    """The pages about messages that this member may use, as tabs."""
    pages = (
        ("campaign_list", _("Campaigns"), Capability.CAMPAIGN),
        ("template_list", _("Templates"), Capability.CAMPAIGN),
        ("outbox_list", _("Outbox"), Capability.MESSAGE),
        ("inbox_list", _("Inbox"), Capability.MESSAGE),
        ("suppressed_list", _("Suppressed"), Capability.CONSENT),
        ("transport_list", _("Sending"), Capability.SET_UP),
    )
    return _tabs(request, slug, member, pages)


def _tabs(
    request: HttpRequest, slug: str, member: Member, pages: Sequence[tuple[str, str, Capability]], *, above: str = ""
) -> list[dict[str, Any]]:
    """Those of ``pages``, by name, label and what they take, that this member may use. ``above`` is the address that
    the others begin with: it is shown as current only of itself."""
    route = getattr(request.resolver_match, "route", "")
    entries = []
    for name, label, capability in pages:
        try:
            url = reverse(name, kwargs={"slug": slug})
        except NoReverseMatch:
            continue
        if member.can(capability):
            tail = url.removeprefix(f"/b/{slug}/")
            entries.append(
                {"label": label, "url": url, "current": route.endswith(tail) if tail == above else tail in route}
            )
    return entries
