"""What the tables of ``automations`` know of a guest."""

from customers.declarations import Erase, GuestTable, Merge

GUEST_TABLES: tuple[GuestTable, ...] = (
    GuestTable(
        "automations.Journey",
        "customer_id",
        Merge.JOIN,
        Erase.REMOVE,
        told=("automation", "state", "reason", "anchor", "due_at", "began_at", "ended_at", "created_at"),
        untold={
            "customer": "the card",
            **dict.fromkeys(("stay", "invoice"), "told with the stays and invoices themselves"),
            **dict.fromkeys(
                ("occurrence", "step", "due_local", "zone", "waiting", "number_done", "bulk_id", "due_before"),
                "how the business's own work goes on",
            ),
        },
        join_on=("automation", "occurrence"),
        # Whoever is further along goes on: what was sent is not sent again.
        keeper="-number_done",
        timeline="journey",
    ),
    GuestTable(
        "automations.JourneyStep",
        "customer_id",
        Merge.MOVE,
        Erase.REMOVE,
        told=("automation", "outcome", "reason", "at"),
        untold={
            "customer": "the card",
            **dict.fromkeys(("journey_id", "step", "due_at"), "where in the business's own work it stands"),
            **dict.fromkeys(("message_id", "todo_id", "delivery_id"), "what it made is told itself"),
        },
    ),
    GuestTable(
        "automations.GuestEvent",
        "customer_id",
        Merge.LINEAGE,
        Erase.REMOVE,
        told=("kind", "name", "data", "at"),
        untold={
            "customer_id": "the card",
            **dict.fromkeys(("object_id", "stay_id"), "what it is about is told itself"),
            **dict.fromkeys(("key", "xid"), "what systems know it by"),
        },
    ),
    GuestTable(
        "automations.DryRunStep",
        "customer_id",
        Merge.MOVE,
        Erase.REMOVE,
        untold=dict.fromkeys(
            (
                *("customer", "run", "journey", "step", "outcome", "reason"),
                *("at", "sends_at", "text_id", "stay_id"),
            ),
            "what would have been done; nothing of it was",
        ),
    ),
)

IMPERSONAL: dict[str, str] = {
    "automations.Automation": "what the business has done by itself",
    "automations.AutomationVersion": "what the business has done by itself, as it once stood",
    "automations.DryRun": "what the business tried, and how many guests it would have reached",
    "automations.PlannerState": "how far changes have been read",
}
