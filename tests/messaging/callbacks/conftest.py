"""What tests of callbacks share."""

import pytest

from accounts.tenancy import business_scope
from customers.card.models import Customer
from messaging.outbox.models import Message
from messaging.transports.models import Transport
from tests.cast import Cast, House
from tests.messaging.callbacks.reports import guest_of, postmark
from tests.messaging.sent import message_sent


@pytest.fixture
def sent(cast: Cast) -> tuple[House, Transport, Message, Customer]:
    house = cast.fjordstuen
    with business_scope(house.pk):
        transport, guest = postmark(house), guest_of()
        return house, transport, message_sent(guest, transport=transport, provider_id="pm-1"), guest
