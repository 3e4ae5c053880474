"""A furnished house: one row of everything a business can have, all named by a word that must not be read elsewhere."""

import datetime as dt
import uuid
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.tenancy import business_scope
from automations.models import DryRun, DryRunStep, GuestEvent, JourneyStep, PlannerState
from customers.bulk.models import BulkGuests
from customers.changes.models import ChangeSet, Leaving
from customers.changes.services import change_set
from customers.facts.services import register_facts_count
from customers.history.models import Stay
from customers.lineage.models import CarriedRows, MergedCard
from customers.permission.models import Suppression, Wish
from customers.search.models import RecentGuest
from dedup.register.models import CardKey, CardProfile, Decision, Match, MatchRun, MatchSettings
from imports.models import ImportFeed, ImportFetch, ImportMapping, ImportProblem, ImportRow, ImportRun, ImportSeen
from messaging.callbacks.models import CallbackEvent
from messaging.campaigns.models import Campaign, CampaignGuest
from messaging.gate.models import GateSettings
from messaging.outbox.models import OutboxPace
from messaging.texts.looks import look_keep
from messaging.texts.models import Template, TemplateText
from messaging.transports.models import Caught, TransportTry
from messaging.webhooks.models import WebhookDelivery
from tests.accounts.catalogue import tenant_tables
from tests.automations.houses import automation_on, journey
from tests.cast import House
from tests.customers.exporting import ExportRunFactory, SavedColumnsFactory
from tests.factories import (
    ActivityFactory,
    ApiAnswerFactory,
    ApiKeyFactory,
    AuditEntryFactory,
    BulkRunFactory,
    ConsentEventFactory,
    ConsentWordingFactory,
    CustomerFactory,
    CustomerTagFactory,
    CustomFieldFactory,
    DefaultViewFactory,
    EmailFactory,
    ExternalIdFactory,
    GuestFieldValueFactory,
    InvitationFactory,
    InvoiceFactory,
    PhoneFactory,
    ProductFactory,
    PropertyFactory,
    PurchaseFactory,
    RelationFactory,
    SavedViewFactory,
    SegmentFactory,
    SegmentMemberFactory,
    SensitiveDetailFactory,
    StayFactory,
    StayFieldValueFactory,
    StayParticipantFactory,
    TagFactory,
    TodoFactory,
)
from tests.messaging.sent import message_sent
from tests.messaging.transports.making import transport_made
from tests.messaging.webhooks.hooks import endpoint_made


def furnish(house: House, word: str) -> dict[str, Any]:
    """Fill a house and return a value for every name that stands in an address.

    Every table of a business gets a row (:func:`empty_tables` tells); ``word`` stands in every text there is.
    """
    today = timezone.localdate()
    with business_scope(house.pk, house.owner.pk):
        with change_set(kind=ChangeSet.Kind.EDIT, title=word, member=house.owner) as act:
            guest = CustomerFactory(
                given_name=word,
                family_name=word,
                company_name=word,
                street=word,
                city=word,
                note=word,
                why_us=word,
                thanked=word,
                deal_breakers=word,
            )
            point = EmailFactory(customer=guest, value=f"{word}@example.com")
            PhoneFactory(customer=guest, value="+31 6 12345678", country="NL")
            tag = TagFactory(name=word)
            CustomerTagFactory(customer=guest, tag=tag)
            ExternalIdFactory(customer=guest, system=word, value=word)
            place = PropertyFactory(name=word)
            stay = StayFactory(
                property=place,
                status=Stay.Status.CHECKED_IN,
                arrival=today,
                departure=today + dt.timedelta(days=2),
                reference=word,
                unit=word[:20],
                unit_type=word,
                channel=word,
                note=word,
                external_system=word,
                external_id=word,
            )
            StayParticipantFactory(stay=stay, customer=guest, is_payer=True)
            activity = ActivityFactory(customer=guest, text=word, actor=word)
            other = CustomerFactory(family_name=word)
            relation = RelationFactory(customer=guest, other=other)
            product = ProductFactory(name=word)
            purchase = PurchaseFactory(customer=guest, product=product, description=word, reference=word)
            invoice = InvoiceFactory(customer=guest, number=word, note=word)
            todo = TodoFactory(customer=guest, title=word, note=word, actor=word)
            own_field = CustomFieldFactory(label=word, key=word.lower())
            GuestFieldValueFactory(customer=guest, field=own_field, text=word)
            StayFieldValueFactory(stay=stay, field=CustomFieldFactory(label=word, target="stay"), text=word)
            wording = ConsentWordingFactory(texts={"en": word})
            ConsentEventFactory(customer=guest, purpose="sensitive", channel="", wording=wording, proof=word)
        register_facts_count(today=today)
        RecentGuest.objects.create(member=house.reception, customer=guest, opened_at=timezone.now())
        AuditEntryFactory(actor=word, data={"name": word})
        # An act of its own: what touches sensitive details is shown to fewer people.
        detail = SensitiveDetailFactory(customer=guest)
        segment = SegmentFactory(name=word, description=word)
        SegmentMemberFactory(segment=segment, customer=guest)
        view = SavedViewFactory(name=word, text=word)
        DefaultViewFactory(member=house.reception, view=view)
        key = ApiKeyFactory(name=word)
        ApiAnswerFactory(key=key, body={"name": word})
        run = ImportRun.objects.create(state=ImportRun.State.READY, file_name=f"{word}.csv", actor=word)
        Leaving.objects.create(record="customer", first_id=0, last_id=0, undo_id=0)
        ImportProblem.objects.create(run=run, line=1, column=word, value=word, reason="email")
        ImportSeen.objects.create(run=run, what=ImportSeen.What.GUEST, row_id=guest.pk)
        ImportRow.objects.create(run=run, line=2, outcome=ImportRow.Outcome.REVIEW, customer_id=guest.pk, label=word)
        mapping = ImportMapping.objects.create(name=word, kind="guests", signature=word, layout={})
        feed = ImportFeed.objects.create(
            name=word, source="https", address=f"https://example.org/{word}.csv", mapping=mapping, at=dt.time(3)
        )
        ImportFetch.objects.create(feed=feed, run=run, state=ImportFeed.State.IMPORTED, actor=word)
        bulk = BulkRunFactory(
            values={"tag_id": tag.pk, "tag": word, "tag_code": ""},
            actor=word,
            total=1,
            skipped={"same": 1},
            examples={"same": [guest.pk]},
        )
        BulkGuests.objects.create(run=bulk, number=0, customer_ids=[guest.pk])
        export = ExportRunFactory(actor=word, file_name=f"{word}.csv", selection={"ids": [guest.pk]})
        saved = SavedColumnsFactory(name=word)
        MatchSettings.objects.create()
        CardProfile.objects.create(customer_id=guest.pk, profile=word, keys=[1])
        CardKey.objects.create(key=1, customer_id=guest.pk)
        search = MatchRun.objects.create(state=MatchRun.State.DONE, actor=word)
        match = Match.objects.create(left_id=guest.pk, right_id=other.pk, weight=5.0, probability=0.97)
        Decision.objects.create(left_id=guest.pk, right_id=other.pk, verdict=Decision.Verdict.LATER, actor=word)
        with change_set(kind=ChangeSet.Kind.MERGE, title=word) as merge:
            gone = MergedCard.objects.create(absorbed_id=2**40 + guest.pk, survivor_id=guest.pk, change_set_id=merge.pk)
        CarriedRows.objects.create(absorbed_id=gone.absorbed_id)
        template = Template.objects.create(name=word)
        blocks = [{"kind": "paragraph", "text": word}]
        TemplateText.objects.create(
            template=template, language="en", version=1, subject=word, preheader=word, blocks=blocks, actor=word
        )
        look = look_keep(f"<p>{word}</p>", slug=house.slug).rstrip("/").rpartition("/")[2]
        went = Campaign.objects.create(
            name=word,
            segment=segment,
            segment_name=word,
            template=template,
            channel="email",
            purpose="newsletter",
            state=Campaign.State.DONE,
            actor=word,
            audience=1,
            started_at=timezone.now(),
            finished_at=timezone.now(),
        )
        CampaignGuest.objects.create(campaign=went, customer=guest, arm="excluded", reason="withdrawn")
        campaign = Campaign.objects.create(name=word, segment=segment, template=template, actor=word)
        invitation = InvitationFactory(invited_by=house.owner, email=f"{word.lower()}@example.com")
        transport = transport_made(business=house.business, name=word)
        TransportTry.objects.create(transport=transport, address=f"{word}@example.com")
        caught = Caught.objects.create(
            transport=transport,
            customer_id=guest.pk,
            ref=uuid.uuid4(),
            channel="email",
            address=f"{word}@example.com",
            subject=word,
            html=f"<p>{word}</p>",
            text=word,
        )
        Suppression.objects.create(kind="email", digest=uuid.uuid4(), reason="manual", source=word)
        Wish.objects.create(customer=guest, kind="pause", until=today)
        sent = message_sent(guest, transport=transport, key=f"{word}:told", provider_id=word, subject=word, body=word)
        GateSettings.objects.create()
        OutboxPace.objects.create(transport=transport, trouble_detail=word)
        waits = message_sent(
            guest, key=f"{word}:waits", state="planned", attempted_at=None, sent_at=None, attempts=0, subject=word
        )
        CallbackEvent.objects.create(
            transport=transport, key=word, told="delivered", message=sent, state="done", raw=word
        )
        automation = automation_on({"do": "stop"}, name=word)
        way = journey(automation, guest, stay=stay)
        JourneyStep.objects.create(
            automation=automation, customer=guest, journey_id=way.pk, step="s0", outcome="done", due_at=timezone.now()
        )
        hook = endpoint_made(business=house.business, name=word, url=f"https://hooks.example.org/{word}")
        delivery = WebhookDelivery.objects.create(
            endpoint=hook,
            key=word,
            customer=guest,
            kind="automation.reached",
            body={"name": word},
            detail=word,
            state="failed",
            expires_at=timezone.now(),
            settled_at=timezone.now(),
        )
        GuestEvent.objects.create(kind="told", customer_id=guest.pk, name=word)
        PlannerState.objects.create()
        dry = DryRun.objects.create(
            automation=automation, definition=automation.draft, first=today, last=today, problem=word
        )
        rehearsed = DryRunStep.objects.create(
            run=dry, customer=guest, journey=1, step="s1", outcome="done", at=timezone.now()
        )
    return {
        "slug": house.slug,
        "part": "language",
        "customer_id": guest.pk,
        "stay_id": stay.pk,
        "change_set_id": act.pk,
        "member_id": house.reception.pk,
        "property_id": place.pk,
        "invitation_id": invitation.pk,
        "run_id": run.pk,
        "mapping_id": mapping.pk,
        "feed_id": feed.pk,
        "bulk_id": bulk.pk,
        "export_id": export.pk,
        "saved_id": saved.pk,
        "match_id": match.pk,
        "search_id": search.pk,
        "merge_id": merge.pk,
        "tag_id": tag.pk,
        "activity_id": activity.pk,
        "relation_id": relation.pk,
        "product_id": product.pk,
        "purchase_id": purchase.pk,
        "invoice_id": invoice.pk,
        "todo_id": todo.pk,
        "field_id": own_field.pk,
        "wording_id": wording.pk,
        "detail_id": detail.pk,
        "key_id": key.pk,
        "segment_id": segment.pk,
        "campaign_id": campaign.pk,
        "message_id": waits.pk,
        "view_id": view.pk,
        "point_id": point.pk,
        "transport_id": transport.pk,
        "caught_id": caught.pk,
        "template_id": template.pk,
        "automation_id": automation.pk,
        "journey_id": way.pk,
        "dry_id": dry.pk,
        "dry_step_id": rehearsed.pk,
        "webhook_id": hook.pk,
        "delivery_id": delivery.pk,
        "language": "en",
        "look": look,
        "other_id": other.pk,
        "system": word,
        "value": word,
    }


def contents(house: House) -> dict[str, str]:
    """A digest of every table of a house, as PostgreSQL holds it."""
    tables = sorted(tenant_tables())
    digests = " UNION ALL ".join(
        f"SELECT '{table}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t"
        for table in tables
    )
    with business_scope(house.pk), connection.cursor() as cursor:
        cursor.execute(digests)
        return dict(cursor.fetchall())


def empty_tables(house: House) -> set[str]:
    """Tables in which a house has no row."""
    nothing = contents_of_nothing()
    return {table for table, digest in contents(house).items() if digest == nothing}


def contents_of_nothing() -> str:
    """The digest of a table without rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT md5('')")
        return str(cursor.fetchone()[0])
