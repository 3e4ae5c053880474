"""What the tables of ``dedup`` know of a guest."""

from customers.declarations import Erase, GuestTable, Merge

_SEARCH = "made from the card, which is told, to compare it with others"
_FOUND = "what Innkeeper found when it compared two cards"
_SAID = "what members said of two cards"

GUEST_TABLES = (
    GuestTable(
        "dedup.CardProfile",
        "customer_id",
        Merge.DERIVED,
        Erase.DERIVED,
        untold=dict.fromkeys(("customer_id", "profile", "keys"), _SEARCH),
    ),
    GuestTable(
        "dedup.CardKey",
        "customer_id",
        Merge.DERIVED,
        Erase.DERIVED,
        untold=dict.fromkeys(("key", "customer_id"), _SEARCH),
    ),
    GuestTable(
        "dedup.Match",
        "left_id",
        Merge.DERIVED,
        Erase.DERIVED,
        untold=dict.fromkeys(
            (
                "left_id",
                "right_id",
                "weight",
                "probability",
                "pattern",
                "agrees",
                "differs",
                "state",
                "found_at",
                "seen_at",
            ),
            _FOUND,
        ),
    ),
    GuestTable(
        "dedup.Decision",
        "left_id",
        Merge.LINEAGE,
        Erase.REMOVE,
        untold=dict.fromkeys(
            (
                "left_id",
                "right_id",
                "verdict",
                "pattern",
                "weight",
                "sampled",
                "taught",
                "change_set_id",
                "is_withdrawn",
                "member",
                "actor",
                "decided_at",
            ),
            _SAID,
        ),
    ),
)

IMPERSONAL = {
    "dedup.MatchSettings": "how the business finds its double registrations",
    "dedup.MatchRun": "searches for double registrations",
}
