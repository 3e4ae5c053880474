"""Writes on consents: events are added, wordings get a further version; nothing is ever changed or deleted."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import audit_record
from accounts.models import Business, Member
from accounts.tenancy import current_actor, current_member_id, require_business_id
from customers.card.services import card_held
from customers.changes.services import change_set_current
from customers.consent.models import CONSENTS, ConsentEvent, ConsentWording
from customers.consent.selectors import wording_in_force

OTHERS_WORDS = frozenset(
    {ConsentEvent.Source.IMPORT, ConsentEvent.Source.API, ConsentEvent.Source.SYSTEM, ConsentEvent.Source.PORTAL}
)
"""Sources that asked in words of their own, or tell which they showed: no wording of the business is taken to have been
shown."""
CLOCKS_DIFFER = timedelta(minutes=2)
"""How far in the future a moment may lie that another system's clock has told."""
PROOF_MAX = 500


class WordingConflict(Exception):
    """Somebody wrote a newer version meanwhile; the message says so, for people."""


def consent_record(
    *,
    customer_id: int,
    purpose: str,
    channel: str = "",
    granted: bool,
    source: str,
    member: Member | None = None,
    by_guest: bool = False,
    at: datetime | None = None,
    wording_id: int | None = None,
    language: str = "",
    address: str | None = None,
    proof: str = "",
) -> ConsentEvent:
    """Add to the log that a guest granted or withdrew a consent; the database derives what holds from it.

    ``at`` is when the guest decided (now, when not given), ``address`` the IP address of a guest who decided by this
    request, ``proof`` what shows it (at most 500 characters). A grant that does not name its wording carries the
    version in force at that moment, unless another system asked (:data:`OTHERS_WORDS`); ``language`` is the one shown,
    by default the guest's, else the business's. Nobody waits: two decisions at once are two events, and the later
    one holds.

    Raises ``Customer.DoesNotExist``, and ``ValueError`` for an unknown purpose and channel, an unknown source, a
    wording of another consent or without that language, a moment in the future or a proof that is too long.
    """
    now = timezone.now()
    decided = at or now
    if (purpose, channel) not in CONSENTS:
        raise ValueError(_("There is no consent for “%(purpose)s”.") % {"purpose": f"{purpose} {channel}".strip()})
    if source not in ConsentEvent.Source.values:
        raise ValueError(_("“%(source)s” is not a way to consent.") % {"source": source})
    if decided > now + CLOCKS_DIFFER:
        raise ValueError(_("This moment is in the future. Write when the guest decided."))
    if len(proof) > PROOF_MAX:
        raise ValueError(_("Write at most %(limit)d characters.") % {"limit": PROOF_MAX})
    customer = card_held(customer_id=customer_id)
    wording = _wording(purpose, channel, wording_id)
    if wording is None and granted and source not in OTHERS_WORDS:
        wording = wording_in_force(purpose=purpose, channel=channel, at=decided)
    if wording is not None:
        language = _language_shown(wording, language, customer.language, is_told=wording_id is not None)
    return ConsentEvent.objects.create(
        customer_id=customer.pk,
        purpose=purpose,
        channel=channel,
        act=ConsentEvent.Act.GRANTED if granted else ConsentEvent.Act.WITHDRAWN,
        at=min(decided, now),
        recorded_at=now,
        wording=wording,
        language=language[:5],
        source=source,
        by_guest=by_guest,
        member_id=member.pk if member else current_member_id(),
        actor=(str(member) if member else current_actor())[:200],
        address=address,
        proof=proof,
        change_set_id=change_set_current(),
    )


def _wording(purpose: str, channel: str, wording_id: int | None) -> ConsentWording | None:
    if wording_id is None:
        return None
    wording = ConsentWording.objects.filter(pk=wording_id, purpose=purpose, channel=channel).first()
    if wording is None:
        raise ValueError(_("This wording does not belong to this consent."))
    return wording


def _language_shown(wording: ConsentWording, language: str, spoken: str, *, is_told: bool) -> str:
    """The language of the text the guest saw: the one told, theirs, the business's, or the only ones there are."""
    if language and is_told and language not in wording.texts:
        raise ValueError(_("This wording has no text in that language."))
    own = Business.objects.values_list("language", flat=True).get(pk=require_business_id())
    return next(code for code in (language, spoken, own, *wording.texts) if code in wording.texts)


def wording_add(
    *, purpose: str, channel: str, texts: Mapping[str, str], seen: int = 0, member: Member | None = None
) -> ConsentWording | None:
    """Write the next version of a consent's wording; ``None`` when it says what the one in force says.

    ``texts`` is ``{language: text}``, at least one of them not empty; ``seen`` the version the writer had before them
    (0: none). Older versions stay as they were shown. Raises :class:`WordingConflict` when there is a newer one, and
    ``ValueError`` without a text or for an unknown consent.
    """
    if (purpose, channel) not in CONSENTS:
        raise ValueError(_("There is no consent for “%(purpose)s”.") % {"purpose": f"{purpose} {channel}".strip()})
    written = {language: text.strip() for language, text in texts.items() if text.strip()}
    if not written:
        raise ValueError(_("Write the text in at least one language."))
    latest = ConsentWording.objects.filter(purpose=purpose, channel=channel).order_by("-version").first()
    if latest is not None and latest.texts == written:
        return None
    if seen != (latest.version if latest else 0):
        raise WordingConflict(_("A colleague has written a newer version meanwhile."))
    try:
        with transaction.atomic():
            wording = ConsentWording.objects.create(
                purpose=purpose,
                channel=channel,
                version=seen + 1,
                texts=written,
                member_id=member.pk if member else current_member_id(),
                actor=(str(member) if member else current_actor())[:200],
            )
    except IntegrityError as error:
        raise WordingConflict(_("A colleague has written a newer version meanwhile.")) from error
    audit_record(
        action="wording.changed",
        member=member,
        object_type="wording",
        object_id=wording.pk,
        data={"purpose": purpose, "channel": channel, "version": wording.version},
    )
    return wording
