"""What a link in a message opens: the business's scope, the guest, in the guest's language."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone, translation

from accounts.models import Business
from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer
from customers.permission.reasons import KINDS
from messaging.links.addresses import token_find
from messaging.outbox.models import Message


@dataclass(frozen=True)
class Opened:
    """The message whose link was opened, with its business and its guest as they are now."""

    business: Business
    message: Message
    customer: Customer

    @property
    def is_sms(self) -> bool:
        """Whether it was a text message."""
        return self.message.channel == "sms"

    @property
    def is_at_home(self) -> bool:
        """Whether the address that was written to still stands on the guest's card: whoever holds the message speaks
        for the guest only as long. One query."""
        point = ContactPoint.objects.filter(
            customer=self.customer, kind=KINDS[self.message.channel], normalised=self.message.address
        )
        return bool(self.message.address) and point.exists()

    @property
    def is_test(self) -> bool:
        """Whether a member sent it to themselves: what is clicked in it says nothing of the guest it was filled in
        for."""
        return self.message.origin == Message.Origin.TEST

    @property
    def language(self) -> str:
        """The guest's language, else the message's, else the business's; one that the interface speaks."""
        known = dict(settings.LANGUAGES)
        told = (self.customer.language, self.message.language, self.business.language)
        return next((code for code in told if code in known), settings.LANGUAGE_CODE)

    @property
    def proof(self) -> str:
        """What shows that the guest decided here: the message they had in hand."""
        return f"message {self.message.ref}"


@contextmanager
def opened(token: str) -> Iterator[Opened | None]:
    """Open the scope of the business that a token names; ``None`` for a token that opens nothing.

    The scope acts for nobody: what happens in it is the guest's.
    """
    named = token_find(token)
    business = Business.objects.filter(public_id=named.public_id).first() if named else None
    if named is None or business is None:
        yield None
        return
    with business_scope(business.pk), timezone.override(business.zone):
        message = Message.objects.select_related("customer").filter(ref=named.ref).first()
        if message is None:
            yield None
            return
        found = Opened(business, message, message.customer)
        with translation.override(found.language):
            yield found


def address_masked(address: str) -> str:
    """An address so that its owner knows it and nobody else learns it: ``k…@example.com``, ``… 678``."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}…@{domain}" if at else f"… {address[-3:]}"
