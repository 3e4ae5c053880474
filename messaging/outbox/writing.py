"""Turn claimed messages into what leaves: texts filled in for each guest, with the links of each message."""

import datetime as dt
import json
import logging
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NamedTuple

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from accounts.models import Business
from accounts.tenancy import require_business_id
from customers.permission.reasons import Reason
from customers.permission.selectors import may_contact
from messaging.gate.schedule import zone_of
from messaging.links.addresses import pixel_url, preferences_url, tracked, unsubscribe_headers, unsubscribe_url
from messaging.links.selectors import trackable
from messaging.outbox.claiming import Batch, wanted_of
from messaging.outbox.labels import Trouble
from messaging.outbox.models import Message
from messaging.rendering import BlockError, Rendered, Text, Values, read_blocks, render
from messaging.rendering.rendered import used_in
from messaging.texts.models import Channel, TemplateText
from messaging.texts.selectors import as_text
from messaging.texts.values import Wanted, values_for
from messaging.transports.sending import Outgoing

_log = logging.getLogger(__name__)
_DROP = """
    UPDATE messaging_message m
    SET state = CASE WHEN m.attempted_at IS NULL THEN r.state ELSE 'unknown' END, reason = r.reason, detail = r.detail,
        claim = NULL, claimed_until = NULL
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS r (id, state, reason, detail)
    WHERE m.id = r.id AND m.state = 'claimed' AND m.claim = %s
    RETURNING r.reason
"""


_FRAME: Final = used_in(Text(channel=Channel.EMAIL, purpose="newsletter"))
"""What stands around every text. What of it is missing is the business's own, and the review of a campaign says so."""


@dataclass(slots=True)
class Written:
    """What leaves, and why of a batch the rest does not. ``values``: what the placeholders of each message were filled
    with, as JSON, by ref."""

    outgoing: list[Outgoing] = field(default_factory=list)
    values: dict[uuid.UUID, str] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)


class Dropped(NamedTuple):
    """What becomes of a claimed message that does not leave."""

    state: str
    reason: str
    detail: str = ""


def batch_write(*, batch: Batch) -> Written:
    """Fill in a claimed batch, in a transaction after the one that claimed it.

    Permission is asked once more by statements that began when the claim had been committed: of whoever objected
    before, nothing leaves. A message whose words cannot be read or filled in is failed; one with a hole in it, where
    something is not known of the guest and the text has no other words for that, is skipped. Neither stops another. One
    whose guest is merged meanwhile is given back.
    """
    written = Written()
    business = Business.objects.get(pk=require_business_id())
    messages = still_allowed(batch=batch, messages=batch.messages, skipped=written.skipped)
    texts = _texts(messages)
    values = _values([each for each in messages if each.pk in texts], texts)
    followed = trackable(customer_ids={each.customer_id for each in messages if each.channel == Channel.EMAIL})
    # What has been read of a card that is not there any more is nothing.
    moved = _moved(batch, messages)
    _give_back(batch, moved)
    dropped: dict[int, Dropped] = {}
    for message in messages:
        if message.pk in moved:
            continue
        if message.pk not in values:
            dropped[message.pk] = Dropped(Message.State.FAILED, Trouble.WORDS)
            continue
        text, known = texts[message.pk], values[message.pk]
        is_followed = message.customer_id in followed and message.origin != Message.Origin.TEST
        try:
            made = _made(message, text, known, business, is_followed=is_followed)
        except Exception as fault:
            _log.exception("Message %s of business %s could not be filled in", message.pk, business.pk)
            made = Dropped(Message.State.FAILED, Trouble.WORDS, type(fault).__name__)
        if isinstance(made, Dropped):
            dropped[message.pk] = made
            continue
        outgoing, written.values[message.ref] = made
        written.outgoing.append(outgoing)
    _drop(batch, written.skipped, dropped)
    return written


def _made(
    message: Message, text: Text, known: Values, business: Business, *, is_followed: bool
) -> tuple[Outgoing, str] | Dropped:
    """A message as it leaves, with what it was filled with as JSON; or why it does not."""
    rendered = _rendered(message, text, known, business, is_followed=is_followed)
    missing = [name for name in rendered.missing if name not in _FRAME]
    if missing and message.origin != Message.Origin.TEST:
        return Dropped(Message.State.SKIPPED, Trouble.MISSING, ", ".join(missing))
    names = used_in(text)
    kept = Values({name: value for name, value in known.known.items() if name in names})
    return _outgoing(message, text, rendered, known, business), json.dumps(kept.as_json())


def still_allowed(*, batch: Batch, messages: Sequence[Message], skipped: Counter[str]) -> list[Message]:
    """Those of a batch whose guests may still be written to, today and at the address they were claimed for.

    The others are given up, and counted in ``skipped``. Whoever was merged meanwhile, or is written to at another
    address by now, is given back: the next claim asks the gate anew.
    """
    now = timezone.now()
    groups: dict[tuple[str, str, bool, dt.date], set[int]] = {}
    keys = {
        each.pk: (
            each.purpose,
            each.channel,
            wanted_of(each).needs_cause,
            now.astimezone(zone_of(each.zone)).date(),
        )
        for each in messages
    }
    for each in messages:
        if each.origin != Message.Origin.TEST:
            groups.setdefault(keys[each.pk], set()).add(each.customer_id)
    verdicts = {
        key: may_contact(ids=ids, purpose=key[0], channel=key[1], needs_cause=key[2], on=key[3])
        for key, ids in groups.items()
    }
    # Asked after the permission: whoever was merged before that is found here.
    back = _moved(batch, messages)
    refused = {}
    for each in messages:
        if each.origin == Message.Origin.TEST or each.pk in back:
            continue
        verdict = verdicts[keys[each.pk]][each.customer_id]
        if Reason.UNKNOWN in verdict.reasons or (verdict.allowed and verdict.address != each.address):
            back.add(each.pk)
        elif not verdict.allowed:
            refused[each.pk] = Dropped(Message.State.SKIPPED, verdict.reasons[0].value)
    _drop(batch, skipped, refused)
    _give_back(batch, back)
    return [each for each in messages if each.pk not in refused and each.pk not in back]


def message_text(message: Message) -> Text:
    """The words of a message, its template's or its own, under what it was planned as.

    Raises :class:`~messaging.rendering.BlockError`.
    """
    if message.template_text is not None:
        return as_text(message.template_text, channel=message.channel, purpose=message.purpose)
    return Text(
        channel=message.channel,
        purpose=message.purpose,
        subject=message.subject,
        blocks=read_blocks(message.blocks),
        body=message.body,
    )


def message_rendered(*, message: Message, business: Business) -> Rendered:
    """A message as it was sent, or as it would be: filled in with what was kept of it, else with what is known now."""
    text = message_text(message)
    known = Values.of_json(message.values) if message.values else values_for(_asked([message]), names=used_in(text))[0]
    return _rendered(message, text, known, business, is_followed=False)


def _rendered(message: Message, text: Text, known: Values, business: Business, *, is_followed: bool) -> Rendered:
    named: dict[str, Any] = {"public_id": business.public_id, "ref": message.ref}
    values = known.plus(unsubscribe_link=unsubscribe_url(**named), preferences_link=preferences_url(**named))
    track: Callable[[str], str] | None = partial(tracked, **named) if is_followed else None
    return render(
        text,
        values,
        language=message.language or business.language,
        tracked=track,
        pixel=pixel_url(**named) if is_followed else "",
    )


def _outgoing(message: Message, text: Text, rendered: Rendered, known: Values, business: Business) -> Outgoing:
    is_marketing_mail = text.is_marketing and message.channel == Channel.EMAIL
    return Outgoing(
        ref=message.ref,
        address=message.address,
        name="" if message.origin == Message.Origin.TEST else str(known.get("guest.name") or ""),
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        headers=unsubscribe_headers(public_id=business.public_id, ref=message.ref) if is_marketing_mail else {},
        customer_id=None if message.origin == Message.Origin.TEST else message.customer_id,
    )


def _texts(messages: Sequence[Message]) -> dict[int, Text]:
    """The words of each message, those of a template read once for each purpose.

    The purpose is the message's: it went through the gate with it, and a template may be about something else by now.
    """
    ids = {each.template_text_id for each in messages if each.template_text_id is not None}
    stored = TemplateText.objects.select_related("template").in_bulk(ids)
    readable = _readable(stored)
    of_templates: dict[tuple[int, str, str], Text] = {}
    found = {}
    for each in messages:
        if each.template_text_id is not None:
            if each.template_text_id in readable:
                key = each.template_text_id, each.channel, each.purpose
                if key not in of_templates:
                    text = readable[each.template_text_id]
                    of_templates[key] = as_text(text, channel=each.channel, purpose=each.purpose)
                found[each.pk] = of_templates[key]
            continue
        try:
            found[each.pk] = message_text(each)
        except BlockError:
            continue
        except Exception:
            _log.exception("The words of message %s could not be read", each.pk)
    return found


def _readable(stored: Mapping[int, TemplateText]) -> dict[int, TemplateText]:
    found = {}
    for pk, text in stored.items():
        try:
            read_blocks(text.blocks)
        except BlockError:
            continue
        except Exception:
            _log.exception("The words of text %s could not be read", pk)
            continue
        found[pk] = text
    return found


def _values(messages: Sequence[Message], texts: Mapping[int, Text]) -> dict[int, Values]:
    """What each is filled with. What cannot be read of all at once is read of each alone; those of which it cannot be
    read at all are left out, and logged."""
    found: dict[int, Values] = {}
    for part in (list(messages), *([each] for each in messages)):
        if len(found) == len(messages):
            break
        try:
            with transaction.atomic():
                values = _values_of(part, texts)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            _log.exception("Values of messages %s could not be read", [each.pk for each in part])
            continue
        found.update(zip((each.pk for each in part), values, strict=True))
    return found


def _values_of(messages: Sequence[Message], texts: Mapping[int, Text]) -> list[Values]:
    names: set[str] = {"guest.name"}
    for text in {id(text): text for text in (texts[each.pk] for each in messages)}.values():
        names |= used_in(text)
    return values_for(_asked(messages), names=names)


def _asked(messages: Sequence[Message]) -> list[Wanted]:
    return [Wanted(each.customer_id, each.stay_id) for each in messages]


def _moved(batch: Batch, messages: Sequence[Message]) -> set[int]:
    """Those that are another card's by now: the guest was merged since they were claimed."""
    known = {each.pk: each.customer_id for each in messages}
    ours = Message.objects.filter(pk__in=known, state=Message.State.CLAIMED, claim=batch.claim)
    return {pk for pk, customer_id in ours.values_list("id", "customer_id") if customer_id != known[pk]}


def _give_back(batch: Batch, ids: Collection[int]) -> None:
    if ids:
        ours = Message.objects.filter(pk__in=list(ids), state=Message.State.CLAIMED, claim=batch.claim)
        ours.update(state=Message.State.PLANNED, claim=None, claimed_until=None)


def _drop(batch: Batch, skipped: Counter[str], why: Mapping[int, Dropped]) -> None:
    if not why:
        return
    told = [(str(each.state), str(each.reason), each.detail[:500]) for each in why.values()]
    with connection.cursor() as cursor:
        cursor.execute(_DROP, [list(why), *(list(column) for column in zip(*told, strict=True)), batch.claim])
        skipped.update(reason for (reason,) in cursor.fetchall())
