"""What the demo sends through: a local inbox for each channel."""

from decimal import Decimal

from accounts.models import Business
from accounts.tenancy import business_scope
from customers.normalise import fold
from messaging.transports.models import Channel, Transport
from messaging.transports.services import TransportValues, transport_create

PRICES = {"NOK": Decimal("0.59"), "DKK": Decimal("0.35"), "EUR": Decimal("0.08")}
"""What a part of an SMS costs about."""


def demo_transports_ensure(*, business: Business) -> int:
    """Give a business of the demo the local inbox for every channel it has no way of sending for; how many."""
    made = 0
    with business_scope(business.pk):
        for channel, kind, sender in (
            (Channel.EMAIL, "local", f"post@{business.slug}.example"),
            (Channel.SMS, "local_sms", _letters(business)),
        ):
            if Transport.objects.filter(channel=channel).exists():
                continue
            values = TransportValues(
                kind=kind,
                name=f"{business.name} ({'e-mail' if channel == Channel.EMAIL else 'SMS'})",
                sender_address=sender,
                sender_name=business.name,
                price=PRICES.get(business.currency) if channel == Channel.SMS else None,
            )
            transport_create(business=business, values=values)
            made += 1
    return made


def _letters(business: Business) -> str:
    """A business's name as an SMS can come from it: up to 11 letters and digits."""
    name = ""
    for word in fold(business.name).split():
        letters = "".join(letter for letter in word.capitalize() if letter.isascii() and letter.isalnum())
        if name and len(name + letters) > 11:
            break
        name += letters
    return name[:11] or "Innkeeper"
