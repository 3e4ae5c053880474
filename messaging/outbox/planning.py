"""Plan messages: drafts through the gate and into the outbox, in sets."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from accounts.models import Business, Member
from accounts.tenancy import require_business_id
from messaging.gate.rules import MARKETING, Ruling, Verdict, Wanted
from messaging.gate.selectors import gate
from messaging.outbox.drafts import Draft, Planned
from messaging.outbox.labels import Trouble
from messaging.outbox.models import Message
from messaging.texts.models import TemplateText
from messaging.texts.selectors import chosen, texts_fixed, texts_of

BATCH: Final = 5_000
"""Drafts a statement."""
Texts = Mapping[tuple[int, tuple[int, ...]], Mapping[str, TemplateText]]
"""Texts by language, by the template and the versions of it that were fixed."""

_COLUMNS: Final = {
    "key": "text",
    "channel": "text",
    "purpose": "text",
    "customer_id": "bigint",
    "property_id": "bigint",
    "stay_id": "bigint",
    "origin": "text",
    "origin_id": "bigint",
    "template_text_id": "bigint",
    "subject": "text",
    "blocks": "jsonb",
    "body": "text",
    "language": "text",
    "address": "text",
    "state": "text",
    "reason": "text",
    "urgency": "smallint",
    "is_held": "boolean",
    "due_at": "timestamptz",
    "zone": "text",
    "deferred_reason": "text",
    "expires_at": "timestamptz",
}
_INSERT: Final = f"""
    WITH wanted AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS r ({", ".join(f"{c} {t}" for c, t in _COLUMNS.items())})
    ), cards AS MATERIALIZED (
        SELECT c.id FROM customers_customer c WHERE c.id IN (SELECT customer_id FROM wanted) ORDER BY c.id FOR KEY SHARE
    )
    INSERT INTO messaging_message (
        business_id, ref, values, detail, attempts, provider_id, created_at, {", ".join(_COLUMNS)}
    )
    SELECT %(business)s, gen_random_uuid(), '{{}}', '', 0, '', %(at)s, {", ".join(f"w.{each}" for each in _COLUMNS)}
    FROM wanted w JOIN cards c ON c.id = w.customer_id
    ON CONFLICT (business_id, key) DO NOTHING
    RETURNING id, key, reason
"""
"""A card that was merged or removed while this was being written is not there any more: its draft is ruled again."""


def plan(*, drafts: Sequence[Draft], member: Member | None = None, at: dt.datetime | None = None) -> Planned:
    """Write messages, those that may not go as ``skipped`` with the reason, in the caller's transaction.

    A draft whose key there is already changes nothing. Whoever calls lets a worker know after the commit
    (:func:`messaging.tasks.outbox_nudge`); without that a sweep finds what is due within half a minute. Raises
    ``ValueError`` for a draft that has neither a template nor words, or both.
    """
    at = at or timezone.now()
    business = Business.objects.get(pk=require_business_id())
    texts = _texts(drafts)
    planned = Planned()
    for draft in drafts:
        if (draft.template_id is None) != bool(draft.blocks or draft.body):
            raise ValueError(f"{draft.key}: a message has either a template or words of its own")
    for start in range(0, len(drafts), BATCH):
        part = drafts[start : start + BATCH]
        for _turn in range(2):
            planned.add(_plan(part, texts, business, at))
            part = [each for each in part if each.key not in planned.ids and each.key not in planned.unwritten]
        planned.unwritten.update({each.key: "unknown" for each in part})
    return planned


def _texts(drafts: Sequence[Draft]) -> Texts:
    """What each draft's words are chosen among: a query, and one for each set of versions that were fixed."""
    wanted = {(each.template_id, each.text_ids) for each in drafts if each.template_id is not None}
    in_force = texts_of(template_ids={template for template, fixed in wanted if not fixed})
    return {(template, ids): texts_fixed(ids=ids) if ids else in_force[template] for template, ids in wanted}


def _plan(drafts: Sequence[Draft], texts: Texts, business: Business, at: dt.datetime) -> Planned:
    planned = Planned()
    if not drafts:
        return planned
    rulings = gate(wanted=[_wanted(each) for each in drafts], at=at, is_planning=True)
    rows: list[dict[str, Any]] = []
    for draft, ruling in zip(drafts, rulings, strict=True):
        if ruling.reason == "unknown":
            planned.unwritten[draft.key] = ruling.reason
        else:
            rows.append(_row(draft, ruling, texts, business))
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, {"rows": json.dumps(rows), "business": business.pk, "at": at})
        for pk, key, reason in cursor.fetchall():
            planned.ids[key] = pk
            if reason:
                planned.refused[key] = reason
    missing = [row["key"] for row in rows if row["key"] not in planned.ids]
    if missing:
        there = dict(Message.objects.filter(key__in=missing).values_list("key", "id"))
        planned.ids.update(there)
        planned.already.update(there)
    return planned


def _row(draft: Draft, ruling: Ruling, texts: Texts, business: Business) -> dict[str, Any]:
    """The values of :data:`_COLUMNS`."""
    text = None
    language = draft.language or ruling.language or business.language
    reason = ruling.reason if ruling.verdict is Verdict.REFUSE else ""
    if draft.template_id is not None:
        languages = [each for each in (draft.language, ruling.language, business.language) if each]
        text = chosen(texts[draft.template_id, draft.text_ids], languages)
        language = text.language if text else language
        reason = reason or ("" if text else Trouble.NO_TEXT.value)
    due_at = ruling.until or draft.due_at
    return {
        "key": draft.key,
        "channel": draft.channel,
        "purpose": draft.purpose,
        "customer_id": ruling.customer_id,
        "property_id": draft.property_id,
        "stay_id": draft.stay_id,
        "origin": draft.origin,
        "origin_id": draft.origin_id,
        "template_text_id": text.pk if text else None,
        "subject": draft.subject,
        "blocks": list(draft.blocks),
        "body": draft.body,
        "language": language,
        "address": ruling.address,
        "state": (Message.State.SKIPPED if reason else Message.State.PLANNED).value,
        "reason": reason,
        "urgency": _urgency(draft),
        "is_held": draft.is_held,
        "due_at": due_at.isoformat(),
        "zone": ruling.zone,
        "deferred_reason": ruling.reason if ruling.verdict is Verdict.DEFER else "",
        "expires_at": draft.expires_at.isoformat() if draft.expires_at else None,
    }


def _wanted(draft: Draft) -> Wanted:
    return Wanted(
        customer_id=draft.customer_id,
        channel=draft.channel,
        purpose=draft.purpose,
        due_at=draft.due_at,
        expires_at=draft.expires_at,
        property_id=draft.property_id,
        stay_id=draft.stay_id,
        origin=draft.origin,
        origin_id=draft.origin_id,
        address=draft.address,
    )


def _urgency(draft: Draft) -> int:
    if draft.origin in (Message.Origin.CARD, Message.Origin.TEST, Message.Origin.SYSTEM):
        return Message.Urgency.NOW.value
    return (Message.Urgency.BULK if draft.purpose in MARKETING else Message.Urgency.SOON).value
