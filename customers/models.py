"""Every model of the app, for Django to find. Import them from their own rooms."""

from customers.card.models import ContactPoint, Customer, CustomerTag, ExternalId, Tag
from customers.changes.models import Change, ChangeSet
from customers.consent.models import ConsentEvent, ConsentState, ConsentWording
from customers.fields.models import CustomField, GuestFieldValue, StayFieldValue
from customers.history.models import Activity, CustomerFacts, Invoice, Product, Purchase, Stay, StayParticipant, Todo
from customers.relations.models import Relation
from customers.search.models import Misspelling, Posting, Presence, PresenceWord, RecentGuest, Vocabulary
from customers.sensitive.models import SensitiveDetail

__all__ = [
    "Activity",
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
    "ExternalId",
    "GuestFieldValue",
    "Invoice",
    "Misspelling",
    "Posting",
    "Presence",
    "PresenceWord",
    "Product",
    "Purchase",
    "RecentGuest",
    "Relation",
    "SensitiveDetail",
    "Stay",
    "StayFieldValue",
    "StayParticipant",
    "Tag",
    "Todo",
    "Vocabulary",
]
