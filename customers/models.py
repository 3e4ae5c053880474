"""Every model of the app, for Django to find. Import them from their own rooms."""

from customers.card.models import ContactPoint, Customer, CustomerTag, ExternalId, Tag
from customers.changes.models import Change, ChangeSet
from customers.history.models import Activity, CustomerFacts, Stay, StayParticipant
from customers.search.models import Misspelling, Posting, Presence, PresenceWord, RecentGuest, Vocabulary

__all__ = [
    "Activity",
    "Change",
    "ChangeSet",
    "ContactPoint",
    "Customer",
    "CustomerFacts",
    "CustomerTag",
    "ExternalId",
    "Misspelling",
    "Posting",
    "Presence",
    "PresenceWord",
    "RecentGuest",
    "Stay",
    "StayParticipant",
    "Tag",
    "Vocabulary",
]
