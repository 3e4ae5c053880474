"""What the tables of ``accounts`` and ``customers`` know of a guest."""

from customers.guest.card import CARD
from customers.guest.history import HISTORY
from customers.guest.kept import KEPT

GUEST_TABLES = (*CARD, *HISTORY, *KEPT)

IMPERSONAL = {
    "accounts.ApiKey": "keys of connected systems",
    "accounts.Invitation": "colleagues to be",
    "accounts.Member": "colleagues",
    "accounts.Property": "hotels, campsites, venues",
    "customers.BulkRun": "actions of the business; of guests it holds card ids alone",
    "customers.ConsentWording": "texts of the business",
    "customers.CustomField": "what the business asks for",
    "customers.DefaultView": "how colleagues begin",
    "customers.Product": "what the business sells",
    "customers.RegisterFacts": "how the values of all guests are spread, nobody's own",
    "customers.SavedColumns": "which columns colleagues like in a file",
    "customers.SavedView": "how colleagues look at the list",
    "customers.Segment": "filters of the business",
    "customers.Suppression": "digests of addresses not to be written to; of no card, and kept when one is erased",
    "customers.Tag": "labels of the business",
}
