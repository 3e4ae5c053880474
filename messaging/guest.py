"""What the tables of ``messaging`` know of a guest."""

from customers.declarations import Erase, GuestTable, Merge

GUEST_TABLES: tuple[GuestTable, ...] = (
    GuestTable(
        "messaging.Message",
        "customer_id",
        Merge.MOVE,
        Erase.BLANK,
        told=(
            *("channel", "purpose", "property", "stay", "subject", "blocks", "body", "values", "language", "address"),
            *(
                "state",
                "reason",
                "detail",
                "due_at",
                "sent_at",
                "delivered_at",
                "opened_at",
                "clicked_at",
                "replied_at",
            ),
        ),
        untold={
            "customer": "the card",
            "template_text": "the business's own words; what was put into them is told",
            **dict.fromkeys(("ref", "key", "provider_id", "transport"), "what systems know the message by"),
            **dict.fromkeys(("origin", "origin_id"), "what of the business's own work asked for it"),
            **dict.fromkeys(
                (
                    *("urgency", "is_held", "zone", "deferred_reason", "expires_at"),
                    *("claim", "claimed_until", "attempts", "attempted_at"),
                ),
                "how it was handled on its way",
            ),
            "created_at": "when it was planned",
        },
        blanked=("subject", "blocks", "body", "values", "address", "detail"),
        timeline="message",
        filters=("opened", "clicked"),
        # A test went to a member, in the name of the guest whose values were tried.
        only={"origin__in": ("card", "campaign", "automation", "system")},
    ),
    GuestTable(
        "messaging.CallbackEvent",
        "message__customer_id",
        Merge.MOVE,
        Erase.REMOVE,
        told=("told", "received_at"),
        untold={
            "message": "told with the message itself",
            "report": "which message and when; what became of it is told with the message, an answer on the timeline",
            **dict.fromkeys(("transport", "key", "raw", "state", "tries", "due_at"), "how the report came"),
        },
        only={"message__origin__in": ("card", "campaign", "automation", "system")},
    ),
    GuestTable(
        "messaging.Caught",
        "customer_id",
        Merge.LINEAGE,
        Erase.REMOVE,
        untold=dict.fromkeys(
            (
                *("transport", "ref", "channel", "customer_id", "address", "name", "sender", "subject"),
                *("html", "text", "headers", "at"),
            ),
            "a copy of a message that went nowhere; the message itself is told",
        ),
    ),
    GuestTable(
        "messaging.CampaignGuest",
        "customer_id",
        Merge.JOIN,
        Erase.REMOVE,
        told=("campaign", "arm", "reason", "decided_at"),
        untold={"customer": "the card", "message_id": "the message itself is told"},
        join_on=("campaign",),
        # What was decided first stays; what was not decided sorts behind every moment.
        keeper="decided_at",
    ),
    GuestTable(
        "messaging.WebhookDelivery",
        "customer_id",
        Merge.MOVE,
        Erase.REMOVE,
        told=("endpoint", "kind", "body", "state", "sent_at", "created_at"),
        untold={
            "customer": "the card",
            **dict.fromkeys(("ref", "key"), "what systems know the delivery by"),
            **dict.fromkeys(
                (
                    *("attempts", "due_at", "expires_at", "claim", "claimed_until", "attempted_at"),
                    *("status", "reason", "detail", "settled_at"),
                ),
                "how it was handled on its way",
            ),
        },
    ),
)

IMPERSONAL: dict[str, str] = {
    "messaging.Campaign": "what the business sends to a segment; who gets it is told of each guest",
    "messaging.GateSettings": "when messages go out, and how many to one guest",
    "messaging.OutboxPace": "how many messages a transport has been given lately",
    "messaging.Template": "what the business says on one occasion",
    "messaging.TemplateText": "the words of a template, before anybody's name stands in them",
    "messaging.Transport": "what the business sends through",
    "messaging.TransportTry": "test messages that members sent to themselves",
    "messaging.WebhookEndpoint": "which systems of the business are told what automations do",
}
