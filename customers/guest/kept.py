"""What the register keeps of its guests by itself: counts, members of segments, its own log, words to search by."""

from customers.declarations import Erase, GuestTable, Merge
from customers.guest.words import OUR_OWN, SEARCH

_MEANT = "whom an action is meant for while it runs; gone when it has ended"
_LEAVES = "whose card is being taken back with the act that made it; gone when it has been"
_MERGED = "which cards of the guest were made one, by their ids"
_WHO = ("kind", "language", "nationality", "birth_date", "first_contact", "source")
_WHERE = ("country", "postal_code", "city")
_RULES = ("is_restricted", "is_deceased", "do_not_contact")

KEPT = (
    GuestTable(
        "customers.CustomerFacts",
        "customer_id",
        Merge.DERIVED,
        Erase.DERIVED,
        told=(
            "stays",
            "nights",
            "value",
            "currency",
            "first_arrival",
            "last_stay",
            "next_arrival",
            "cancelled",
            "no_shows",
            "value_12_months",
            "value_this_year",
            "arrivals",
            "last_activity",
            "last_opened",
            "last_clicked",
        ),
        untold={
            "customer": "the card",
            "counted_on": "when they were counted",
            **dict.fromkeys(("value_minor", "birthday", "sort_key", "sample"), SEARCH),
            **dict.fromkeys((*_WHO, *_WHERE, *_RULES), "the same stands on the card"),
            **dict.fromkeys(
                ("tags", "consents", "email_state", "phone_state", "email_reach", "sms_reach"),
                "follows from rows that are told",
            ),
        },
    ),
    GuestTable(
        "customers.SegmentMember",
        "customer_id",
        Merge.JOIN,
        Erase.REMOVE,
        told=("segment", "entered_at", "left_at"),
        untold={
            "customer": "the card",
            "entered_xid": "the transaction that wrote it",
            "left_xid": "the transaction that wrote it",
            "by_definition": "whether the segment changed, not the guest",
            "left_by_definition": "whether the segment changed, not the guest",
        },
        join_on=("segment", "left_at"),
        keeper="entered_at",
        filters=("segment",),
    ),
    GuestTable(
        "customers.Change",
        "guest_id",
        Merge.LINEAGE,
        Erase.BLANK,
        told=("record", "act", "data"),
        untold={
            "guest_id": "the card",
            "change_set_id": "the act it was part of",
            "row_id": "the row's key",
            "xid": "the transaction that wrote it",
        },
        blanked=("data",),
        timeline="change",
    ),
    GuestTable(
        "customers.ChangeSet",
        "",
        Merge.LINEAGE,
        Erase.KEEP,
        untold=dict.fromkeys(
            (
                "kind",
                "state",
                "title",
                "params",
                "member_id",
                "actor",
                "is_event",
                "undoes_id",
                "undone_by_id",
                "part_of_id",
                "result",
                "created_at",
                "finished_at",
            ),
            "tells of an act by card ids; names are looked up when it is read",
        ),
        because="it holds no word about the guest",
    ),
    *(
        GuestTable(label, guest, Merge.DERIVED, Erase.DERIVED, untold=dict.fromkeys(fields, SEARCH))
        for label, guest, fields in (
            ("customers.Posting", "customer_id", ("customer_id", "token")),
            (
                "customers.Presence",
                "customer_id",
                ("stay_id", "customer_id", "in_house", "is_booked", "arrival", "departure", "unit", "tokens"),
            ),
            ("customers.PresenceWord", "customer_id", ("stay_id", "customer_id", "token", "in_house", "day")),
        )
    ),
    GuestTable(
        "customers.Vocabulary",
        "",
        Merge.DERIVED,
        Erase.DERIVED,
        untold={"token": "a word of somebody's name, of nobody's alone"},
    ),
    GuestTable("customers.Misspelling", "", Merge.DERIVED, Erase.DERIVED, untold={"form": SEARCH, "token": SEARCH}),
    GuestTable(
        "customers.RecentGuest",
        "customer_id",
        Merge.JOIN,
        Erase.REMOVE,
        untold={"customer": "the card", "member": OUR_OWN, "opened_at": OUR_OWN},
        join_on=("member",),
        keeper="-opened_at",
    ),
    GuestTable(
        "customers.BulkGuests",
        "",
        Merge.LINEAGE,
        Erase.REMOVE,
        untold={"run": _MEANT, "number": _MEANT, "customer_ids": _MEANT},
    ),
    GuestTable(
        "customers.MergedCard",
        "survivor_id",
        Merge.LINEAGE,
        Erase.REMOVE,
        untold=dict.fromkeys(("absorbed_id", "survivor_id", "merged_at", "change_set_id"), _MERGED),
    ),
    GuestTable(
        "customers.CardLineage",
        "survivor_id",
        Merge.DERIVED,
        Erase.DERIVED,
        untold=dict.fromkeys(("absorbed_id", "survivor_id"), _MERGED),
    ),
    GuestTable(
        "customers.CarriedRows",
        "",
        Merge.LINEAGE,
        Erase.REMOVE,
        untold=dict.fromkeys(("absorbed_id", "rows"), _MERGED),
    ),
    GuestTable(
        "customers.Leaving",
        "",
        Merge.LINEAGE,
        Erase.REMOVE,
        untold=dict.fromkeys(("record", "first_id", "last_id", "undo_id"), _LEAVES),
    ),
    GuestTable(
        "customers.ExportRun",
        "",
        Merge.LINEAGE,
        Erase.KEEP,
        untold=dict.fromkeys(
            (
                *("kind", "columns", "format", "delimiter", "encoding", "decimal", "header", "selection", "state"),
                *("attempt", "total", "done", "rows", "left_out", "lost", "file_name", "stored", "size", "error"),
                *("token", "downloads", "member", "actor", "address", "created_at", "seen_at", "finished_at"),
                "expires_at",
            ),
            "tells of a file by card ids; the file itself is sealed, and gone after a day",
        ),
        because="it holds no word about the guest",
    ),
    GuestTable(
        "accounts.AuditEntry",
        "object_id",
        Merge.LINEAGE,
        Erase.KEEP,
        told=("action", "at"),
        untold={
            "object_type": "tells whose id it is",
            "object_id": "the card",
            "member_id": OUR_OWN,
            "actor": OUR_OWN,
            "data": OUR_OWN,
            "address": OUR_OWN,
        },
        because="who saw and exported whose data must be shown for twelve months",
        only={"object_type": "customer"},
    ),
    GuestTable(
        "accounts.ApiAnswer",
        "",
        Merge.LINEAGE,
        Erase.REMOVE,
        untold=dict.fromkeys(
            ("key", "idempotency_key", "fingerprint", "status", "body", "created_at"),
            "kept for a day, so that a repeated request is answered alike",
        ),
    ),
)
