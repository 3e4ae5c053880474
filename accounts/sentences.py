"""Audit entries as sentences in the reader's language.

``%(actor)s`` and the keys of the entry's ``data`` are the parts; roles, kinds and fields are named as on the pages. An
entry that lacks a part (an older one, or one another room wrote) falls back to "actor: heading".
"""

from collections.abc import Callable, Mapping
from typing import Any

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.audit import ACTIONS
from accounts.models import AuditEntry, Business, Property, Role

SENTENCES = {
    "business.created": gettext_lazy("%(actor)s created the business"),
    "business.changed": gettext_lazy("%(actor)s changed the business: %(changes)s"),
    "property.added": gettext_lazy("%(actor)s added the property %(name)s (%(kind)s)"),
    "property.changed": gettext_lazy("%(actor)s changed the property %(name)s: %(changes)s"),
    "member.invited": gettext_lazy("%(actor)s invited %(email)s as %(role)s"),
    "member.joined": gettext_lazy("%(member)s joined as %(role)s"),
    "member.role": gettext_lazy("%(actor)s changed the role of %(member)s from %(old)s to %(new)s"),
    "member.removed": gettext_lazy("%(actor)s removed %(member)s (%(role)s)"),
    "member.left": gettext_lazy("%(actor)s left the business"),
    "invitation.renewed": gettext_lazy("%(actor)s sent the invitation to %(email)s again"),
    "invitation.withdrawn": gettext_lazy("%(actor)s withdrew the invitation to %(email)s"),
    "guest.viewed": gettext_lazy("%(actor)s opened a guest card"),
    "guest.exported": gettext_lazy("%(actor)s exported guests"),
    "export.downloaded": gettext_lazy("%(actor)s downloaded the export %(file)s"),
    "guest.copied": gettext_lazy("%(actor)s gave out a copy of a guest's data"),
    "guest.restricted": gettext_lazy("%(actor)s restricted the processing of a guest's data"),
    "guest.unrestricted": gettext_lazy("%(actor)s lifted the restriction of a guest's data"),
    "suppression.added": gettext_lazy("%(actor)s suppressed an address"),
    "suppression.lifted": gettext_lazy("%(actor)s allowed a suppressed address again"),
    "sensitive.viewed": gettext_lazy("%(actor)s viewed sensitive details of a guest"),
    "sensitive.changed": gettext_lazy("%(actor)s changed sensitive details of a guest"),
    "sensitive.erased": gettext_lazy("Sensitive details of a guest were erased"),
    "consent.exported": gettext_lazy("%(actor)s exported consents"),
    "wording.changed": gettext_lazy("%(actor)s changed the wording of a consent"),
    "template.added": gettext_lazy("%(actor)s made the template %(name)s"),
    "template.changed": gettext_lazy("%(actor)s changed the template %(name)s"),
    "template.archived": gettext_lazy("%(actor)s put the template %(name)s away"),
    "template.restored": gettext_lazy("%(actor)s brought the template %(name)s back"),
    "template.written": gettext_lazy("%(actor)s wrote the template %(name)s (%(language)s)"),
    "template.unwritten": gettext_lazy("%(actor)s removed a language from the template %(name)s (%(language)s)"),
    "field.added": gettext_lazy("%(actor)s added the field %(label)s"),
    "field.changed": gettext_lazy("%(actor)s changed the field %(label)s"),
    "segment.added": gettext_lazy("%(actor)s made the segment %(name)s"),
    "segment.changed": gettext_lazy("%(actor)s changed the segment %(name)s"),
    "segment.removed": gettext_lazy("%(actor)s removed the segment %(name)s"),
    "campaign.added": gettext_lazy("%(actor)s made the campaign %(name)s"),
    "campaign.removed": gettext_lazy("%(actor)s removed the draft of the campaign %(name)s"),
    "campaign.confirmed": gettext_lazy("%(actor)s let the campaign %(name)s go out"),
    "campaign.paused": gettext_lazy("%(actor)s paused the campaign %(name)s"),
    "campaign.resumed": gettext_lazy("%(actor)s went on with the campaign %(name)s"),
    "campaign.stopped": gettext_lazy("The campaign %(name)s waits for somebody to look at it"),
    "campaign.cancelled": gettext_lazy("%(actor)s cancelled the campaign %(name)s"),
    "campaign.finished": gettext_lazy("The campaign %(name)s by %(actor)s was sent"),
    "automation.added": gettext_lazy("%(actor)s made the automation %(name)s"),
    "automation.changed": gettext_lazy("%(actor)s renamed the automation %(was)s: %(name)s"),
    "automation.on": gettext_lazy("%(actor)s turned the automation %(name)s on (guests taken in at once: %(present)s)"),
    "automation.published": gettext_lazy("%(actor)s changed the automation %(name)s (version %(version)s)"),
    "automation.paused": gettext_lazy("%(actor)s paused the automation %(name)s"),
    "automation.resumed": gettext_lazy("%(actor)s went on with the automation %(name)s"),
    "automation.off": gettext_lazy("%(actor)s turned the automation %(name)s off (guests stopped: %(guests)s)"),
    "automation.removed": gettext_lazy("%(actor)s removed the automation %(name)s"),
    "journey.stopped": gettext_lazy("%(actor)s stopped the automation %(name)s for a guest"),
    "journey.skipped": gettext_lazy("%(actor)s skipped a step of the automation %(name)s for a guest"),
    "journeys.moved": gettext_lazy(
        "%(actor)s let guests go on on version %(version)s of the automation %(name)s (%(journeys)s)"
    ),
    "key.added": gettext_lazy("%(actor)s made the API key %(name)s"),
    "key.revoked": gettext_lazy("%(actor)s revoked the API key %(name)s"),
    "change.undone": gettext_lazy("%(actor)s undid a change"),
    "import.started": gettext_lazy("%(actor)s started an import"),
    "import.finished": gettext_lazy("An import by %(actor)s finished"),
    "import.stopped": gettext_lazy("An import by %(actor)s was stopped half way"),
    "feed.added": gettext_lazy("%(actor)s made the nightly import %(name)s"),
    "feed.changed": gettext_lazy("%(actor)s changed the nightly import %(name)s"),
    "feed.removed": gettext_lazy("%(actor)s removed the nightly import %(name)s"),
    "transport.added": gettext_lazy("%(actor)s made the way of sending %(name)s"),
    "transport.changed": gettext_lazy("%(actor)s changed the way of sending %(name)s"),
    "transport.default": gettext_lazy("%(actor)s lets messages leave through %(name)s"),
    "transport.removed": gettext_lazy("%(actor)s removed the way of sending %(name)s"),
    "webhook.added": gettext_lazy("%(actor)s made the webhook %(name)s"),
    "webhook.changed": gettext_lazy("%(actor)s changed the webhook %(name)s"),
    "webhook.secret": gettext_lazy("%(actor)s gave the webhook %(name)s a new secret"),
    "webhook.resent": gettext_lazy("%(actor)s had webhooks to %(name)s delivered again (%(deliveries)s)"),
    "webhook.off": gettext_lazy("The webhook %(name)s was switched off: nobody wants it there any more"),
    "webhook.removed": gettext_lazy("%(actor)s removed the webhook %(name)s"),
    "inbox.emptied": gettext_lazy("%(actor)s emptied the local inbox"),
    "message.cancelled": gettext_lazy("%(actor)s cancelled messages (%(messages)s)"),
    "message.retried": gettext_lazy("%(actor)s had messages sent again that may have gone already (%(messages)s)"),
    "message.settled": gettext_lazy("%(actor)s decided that messages in doubt had gone (%(messages)s)"),
    "gate.restored": gettext_lazy("A backup was read in: messages due before %(at)s are held back"),
    "message.late_sent": gettext_lazy("%(actor)s sent messages that had come too late (%(messages)s)"),
    "message.late_left": gettext_lazy("%(actor)s left messages unsent that had come too late (%(messages)s)"),
    "gate.changed": gettext_lazy("%(actor)s changed when messages go out, and how many"),
    "bulk.started": gettext_lazy("%(actor)s started a bulk action (guests: %(guests)s)"),
    "bulk.finished": gettext_lazy("A bulk action by %(actor)s finished (guests changed: %(changed)s)"),
    "bulk.cancelled": gettext_lazy("%(actor)s cancelled a bulk action (guests changed: %(changed)s)"),
    "matching.changed": gettext_lazy("%(actor)s changed how duplicates are found"),
    "matching.started": gettext_lazy("%(actor)s had the register searched for duplicates"),
    "matching.merging": gettext_lazy("%(actor)s had duplicates merged in bulk"),
    "matching.cancelled": gettext_lazy("%(actor)s cancelled a search for duplicates or their merging"),
    "session.signed_in": gettext_lazy("%(actor)s signed in with %(methods)s"),
    "session.ended": gettext_lazy("%(actor)s signed out other devices"),
    "password.changed": gettext_lazy("%(actor)s changed their password"),
    "password.reset": gettext_lazy("%(actor)s chose a new password by e-mail"),
    "email.changed": gettext_lazy("%(actor)s changed their e-mail address to %(email)s"),
    "mfa.added": gettext_lazy("%(actor)s added to their sign-in: %(kind)s"),
    "mfa.removed": gettext_lazy("%(actor)s removed from their sign-in: %(kind)s"),
}

METHODS = {
    "password": gettext_lazy("password"),
    "password_reset": gettext_lazy("a link by e-mail"),
    "invitation": gettext_lazy("an invitation"),
    "passkey": gettext_lazy("passkey"),
    Authenticator.Type.TOTP: gettext_lazy("authenticator app"),
    Authenticator.Type.WEBAUTHN: gettext_lazy("security key or passkey"),
    Authenticator.Type.RECOVERY_CODES: gettext_lazy("recovery codes"),
}
"""Ways to sign in, as they are kept in entries."""


def sentence(entry: AuditEntry, *, actor: str = "") -> str:
    """What an entry tells, in the active language. ``actor`` names its member where the entry itself does not."""
    parts: dict[str, Any] = {key: _part(entry.action, key, value) for key, value in entry.data.items()}
    parts["actor"] = entry.actor or actor or _("Innkeeper")
    told = SENTENCES.get(entry.action)
    if told is not None:
        try:
            return str(told) % parts
        except KeyError:
            pass
    return f"{parts['actor']}: {heading(entry.action)}"


def heading(action: str) -> str:
    """An action's name in the active language; the bare key for one that is not registered any more."""
    return str(ACTIONS.get(action, action))


def _part(action: str, key: str, value: Any) -> str:
    if key == "changes":
        return _changes(value, Property if action.startswith("property.") else Business)
    if key == "methods":
        return _joined([str(METHODS.get(method, method)) for method in value])
    table = _TABLES.get((action, key)) or _TABLES.get(("", key))
    return _label(table, value) if table else str(value)


def _label(table: Callable[[], Mapping[str, Any]], value: Any) -> str:
    return str(table().get(str(value), value))


def _roles() -> Mapping[str, Any]:
    return dict(Role.choices)


def _kinds() -> Mapping[str, Any]:
    return dict(Property.Kind.choices)


_TABLES: dict[tuple[str, str], Callable[[], Mapping[str, Any]]] = {
    ("", "role"): _roles,
    ("member.role", "old"): _roles,
    ("member.role", "new"): _roles,
    ("property.added", "kind"): _kinds,
    ("mfa.added", "kind"): lambda: METHODS,
    ("mfa.removed", "kind"): lambda: METHODS,
}


def _changes(changes: Mapping[str, list[Any]], model: type[Business] | type[Property]) -> str:
    """``name: Fjord → Fjordstuen, currency: EUR → NOK``."""
    told = []
    for field, (old, new) in changes.items():
        label = str(getattr(model._meta.get_field(field), "verbose_name", field))
        table = {"kind": _kinds, "sensitive_roles": _roles}.get(field, dict)()
        before, after = (_value(table, old), _value(table, new))
        told.append(f"{label}: {before} → {after}")
    return ", ".join(told)


def _value(table: Mapping[str, Any], value: Any) -> str:
    if isinstance(value, list):
        return " ".join(str(table.get(str(each), each)) for each in value)
    return str(table.get(str(value), value))


def _joined(words: list[str]) -> str:
    """``password and authenticator app``."""
    if len(words) < 2:
        return "".join(words)
    return _("%(first)s and %(last)s") % {"first": ", ".join(words[:-1]), "last": words[-1]}
