"""The local inbox: messages are caught in a table and shown; they reach nobody."""

from collections.abc import Iterator, Sequence

from accounts.tenancy import business_scope
from messaging.transports.mail import headers_of, sender_of
from messaging.transports.models import Caught, Channel, Transport
from messaging.transports.outgoing import OnAttempt, Outgoing, Result, taken


def send_local(transport: Transport, batch: Sequence[Outgoing], on_attempt: OnAttempt) -> Iterator[Result]:
    """Catch every message, each once: one that is offered again under the same ``ref`` changes nothing."""
    for outgoing in batch:
        on_attempt(outgoing)
        with business_scope(transport.business.pk):
            Caught.objects.bulk_create([_caught(transport, outgoing)], ignore_conflicts=True)
        yield taken(outgoing, f"local-{outgoing.ref}")


def _caught(transport: Transport, outgoing: Outgoing) -> Caught:
    is_email = transport.channel == Channel.EMAIL
    return Caught(
        transport=transport,
        ref=outgoing.ref,
        channel=transport.channel,
        customer_id=outgoing.customer_id,
        address=outgoing.address[:254],
        name=outgoing.name[:200],
        sender=(sender_of(transport, outgoing) if is_email else outgoing.sender_address or transport.sender_address)[
            :400
        ],
        subject=outgoing.subject[:998],
        html=outgoing.html,
        text=outgoing.text,
        headers=headers_of(transport, outgoing) if is_email else {},
    )
