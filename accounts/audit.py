"""The audit log: registered actions, written in the same transaction as what they tell of."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEntry, Member
from accounts.tenancy import current_actor, current_member_id

ACTIONS = {
    "business.created": _("Created the business"),
    "business.changed": _("Changed the business"),
    "property.added": _("Added a property"),
    "property.changed": _("Changed a property"),
    "member.invited": _("Invited a member"),
    "member.joined": _("Joined"),
    "member.role": _("Changed a role"),
    "member.removed": _("Removed a member"),
    "member.left": _("Left"),
    "invitation.renewed": _("Sent an invitation again"),
    "invitation.withdrawn": _("Withdrew an invitation"),
    "guest.viewed": _("Viewed a guest"),
    "guest.exported": _("Exported guests"),
    "export.downloaded": _("Downloaded an export"),
    "guest.copied": _("Gave out a copy of a guest's data"),
    "guest.restricted": _("Restricted the processing of a guest's data"),
    "guest.unrestricted": _("Lifted the restriction of a guest's data"),
    "suppression.added": _("Suppressed an address"),
    "suppression.lifted": _("Allowed a suppressed address again"),
    "sensitive.viewed": _("Viewed sensitive details"),
    "sensitive.changed": _("Changed sensitive details"),
    "sensitive.erased": _("Erased sensitive details"),
    "consent.exported": _("Exported consents"),
    "wording.changed": _("Changed a wording"),
    "template.added": _("Made a template"),
    "template.changed": _("Changed a template"),
    "template.archived": _("Put a template away"),
    "template.restored": _("Brought a template back"),
    "template.written": _("Wrote a text of a template"),
    "template.unwritten": _("Removed a language from a template"),
    "field.added": _("Added a field"),
    "field.changed": _("Changed a field"),
    "segment.added": _("Made a segment"),
    "segment.changed": _("Changed a segment"),
    "segment.removed": _("Removed a segment"),
    "campaign.added": _("Made a campaign"),
    "campaign.removed": _("Removed a campaign"),
    "campaign.confirmed": _("Sent a campaign"),
    "campaign.paused": _("Paused a campaign"),
    "campaign.resumed": _("Went on with a campaign"),
    "campaign.stopped": _("A campaign waits"),
    "campaign.cancelled": _("Cancelled a campaign"),
    "campaign.finished": _("Finished a campaign"),
    "automation.added": _("Made an automation"),
    "automation.changed": _("Renamed an automation"),
    "automation.on": _("Turned an automation on"),
    "automation.published": _("Changed an automation that is on"),
    "automation.paused": _("Paused an automation"),
    "automation.resumed": _("Went on with an automation"),
    "automation.off": _("Turned an automation off"),
    "automation.removed": _("Removed an automation"),
    "journey.stopped": _("Stopped an automation for a guest"),
    "journey.skipped": _("Skipped a step of an automation for a guest"),
    "journeys.moved": _("Let guests go on on the current version of an automation"),
    "key.added": _("Made an API key"),
    "key.revoked": _("Revoked an API key"),
    "change.undone": _("Undid a change"),
    "import.started": _("Started an import"),
    "import.finished": _("Finished an import"),
    "import.stopped": _("Stopped an import"),
    "feed.added": _("Made a nightly import"),
    "feed.changed": _("Changed a nightly import"),
    "feed.removed": _("Removed a nightly import"),
    "transport.added": _("Made a way of sending"),
    "transport.changed": _("Changed a way of sending"),
    "transport.default": _("Chose how messages leave"),
    "transport.removed": _("Removed a way of sending"),
    "webhook.added": _("Made a webhook"),
    "webhook.changed": _("Changed a webhook"),
    "webhook.secret": _("Gave a webhook a new secret"),
    "webhook.resent": _("Delivered webhooks again"),
    "webhook.off": _("A webhook was switched off"),
    "webhook.removed": _("Removed a webhook"),
    "inbox.emptied": _("Emptied the local inbox"),
    "message.cancelled": _("Cancelled messages"),
    "message.retried": _("Sent messages again"),
    "message.settled": _("Decided that messages went"),
    "gate.changed": _("Changed the times of messages"),
    "gate.restored": _("Held back messages after a backup was read in"),
    "message.late_sent": _("Sent messages that had come too late"),
    "message.late_left": _("Left messages unsent that had come too late"),
    "bulk.started": _("Started a bulk action"),
    "bulk.finished": _("Finished a bulk action"),
    "bulk.cancelled": _("Cancelled a bulk action"),
    "matching.changed": _("Changed how duplicates are found"),
    "matching.started": _("Searched for duplicates"),
    "matching.merging": _("Merged duplicates in bulk"),
    "matching.cancelled": _("Cancelled a search for duplicates"),
    "session.signed_in": _("Signed in"),
    "session.ended": _("Signed out other devices"),
    "password.changed": _("Changed the password"),
    "password.reset": _("Chose a new password"),
    "email.changed": _("Changed the e-mail address"),
    "mfa.added": _("Added a second step of sign-in"),
    "mfa.removed": _("Removed a second step of sign-in"),
}
"""Every action that may be logged, as a heading. :mod:`accounts.sentences` tells each as a sentence."""

VIEWS = frozenset({"guest.viewed", "sensitive.viewed"})
"""Actions that changed nothing: who saw what."""


def audit_record(
    *,
    action: str,
    member: Member | None = None,
    object_type: str = "",
    object_id: int | None = None,
    data: dict[str, Any] | None = None,
    address: str | None = None,
) -> AuditEntry:
    """Add an entry to the business's log. An action that is not registered is a programming error (``KeyError``)."""
    entry = _entry(action, member, object_type, object_id, data, address)
    entry.save(force_insert=True)
    return entry


def audit_record_many(
    *,
    action: str,
    object_type: str,
    object_ids: Iterable[int],
    member: Member | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Add an entry for each of several objects that one act was about, in one statement."""
    AuditEntry.objects.bulk_create(_entry(action, member, object_type, each, data, None) for each in object_ids)


def _entry(
    action: str,
    member: Member | None,
    object_type: str,
    object_id: int | None,
    data: dict[str, Any] | None,
    address: str | None,
) -> AuditEntry:
    if action not in ACTIONS:
        raise KeyError(action)
    return AuditEntry(
        action=action,
        member_id=member.pk if member else current_member_id(),
        actor=str(member) if member else current_actor(),
        object_type=object_type,
        object_id=object_id,
        data=data or {},
        address=address,
    )
