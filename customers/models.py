"""Every model of the app, for Django to find. Import them from their own rooms."""

from customers.bulk.models import BulkGuests, BulkRun
from customers.card.models import ContactPoint, Customer, CustomerTag, ExternalId, Tag
from customers.changes.models import Change, ChangeSet, Leaving
from customers.consent.models import ConsentEvent, ConsentState, ConsentWording
from customers.export.models import ExportRun, SavedColumns
from customers.facts.models import CustomerFacts, RegisterFacts
from customers.fields.models import CustomField, GuestFieldValue, StayFieldValue
from customers.history.models import Activity, Invoice, Product, Purchase, Stay, StayParticipant, Todo
from customers.lineage.models import CardLineage, CarriedRows, MergedCard
from customers.permission.models import Suppression, Wish
from customers.relations.models import Relation
from customers.search.models import Misspelling, Posting, Presence, PresenceWord, RecentGuest, Vocabulary
from customers.segments.models import DefaultView, SavedView, Segment, SegmentMember
from customers.sensitive.models import SensitiveDetail

__all__ = [
    "Activity",
    "BulkGuests",
    "BulkRun",
    "CardLineage",
    "CarriedRows",
    "Change",
    "ChangeSet",
    "ConsentEvent",
    "ConsentState",
    "ConsentWording",
    "ContactPoint",
    "CustomField",
    "Customer",
    "CustomerFacts",
    "CustomerTag",
    "DefaultView",
    "ExportRun",
    "ExternalId",
    "GuestFieldValue",
    "Invoice",
    "Leaving",
    "MergedCard",
    "Misspelling",
    "Posting",
    "Presence",
    "PresenceWord",
    "Product",
    "Purchase",
    "RecentGuest",
    "RegisterFacts",
    "Relation",
    "SavedColumns",
    "SavedView",
    "Segment",
    "SegmentMember",
    "SensitiveDetail",
    "Stay",
    "StayFieldValue",
    "StayParticipant",
    "Suppression",
    "Tag",
    "Todo",
    "Vocabulary",
    "Wish",
]
