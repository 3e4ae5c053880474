"""Reports of SMS, answers by SMS, and words to stop."""

from typing import Any

import pytest
from django.test import Client

from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer
from customers.consent.models import ConsentEvent
from customers.history.models import Activity
from customers.permission.models import Suppression
from customers.permission.reasons import Reason
from customers.permission.selectors import may_contact
from messaging.callbacks.models import CallbackEvent
from messaging.outbox.models import Message
from messaging.transports.models import Transport
from messaging.transports.services import TransportValues, transport_create
from tests.cast import Cast, House
from tests.factories import CustomerFactory, PhoneFactory
from tests.messaging.callbacks.reports import PHONE, elks, guest_of, url
from tests.messaging.callbacks.test_sms import twilio
from tests.messaging.sent import message_sent

pytestmark = pytest.mark.django_db


class TestSms:
    def sent(self, house: House) -> tuple[Transport, Message, Customer]:
        with business_scope(house.pk):
            transport, guest = elks(house), guest_of()
            return transport, message_sent(guest, channel="sms", transport=transport, provider_id="s1"), guest

    def incoming(self, transport: Transport, text: str, **form: str) -> int:
        told = {"direction": "incoming", "id": f"in-{text}", "from": PHONE, "to": "+4759440000", "message": text}
        answer = Client(enforce_csrf_checks=True).post(url(transport), told | form)
        assert answer.content == b"", "46elks would send it as an answer"
        return answer.status_code

    def test_reports(self, cast: Cast) -> None:
        transport, _message, _guest = self.sent(cast.fjordstuen)
        assert Client().post(url(transport), {"id": "s1", "status": "delivered"}).status_code == 200
        with business_scope(cast.fjordstuen.pk):
            assert Message.objects.get().state == "delivered"

    @pytest.mark.parametrize("word", ["STOPP", "stop", "Afmeld", "UITSCHRIJVEN", "Stop please"])
    def test_a_word_to_stop(self, cast: Cast, word: str) -> None:
        transport, _message, guest = self.sent(cast.fjordstuen)
        assert self.incoming(transport, word) == 200
        with business_scope(cast.fjordstuen.pk):
            told = may_contact(ids=[guest.pk], purpose="newsletter", channel="sms")[guest.pk]
            assert told.reasons == (Reason.WITHDRAWN, Reason.OPTED_OUT)
            assert may_contact(ids=[guest.pk], purpose="stay", channel="sms")[guest.pk].reasons == (Reason.OPTED_OUT,)
            assert may_contact(ids=[guest.pk], purpose="newsletter", channel="email")[guest.pk].allowed
            assert ContactPoint.objects.get(kind="phone").state == "opted_out"
            assert (Activity.objects.get().kind, Activity.objects.get().text) == ("sms", word)

    def test_the_log_that_is_kept_for_good_holds_no_number(self, cast: Cast) -> None:
        transport, message, _guest = self.sent(cast.fjordstuen)
        with business_scope(cast.fjordstuen.pk):
            PhoneFactory(customer=CustomerFactory(), value="+47 998 87 766")
        self.incoming(transport, "STOP")
        self.incoming(transport, "Stop", **{"from": "+4799887766"})
        with business_scope(cast.fjordstuen.pk):
            first, second = ConsentEvent.objects.filter(act="withdrawn").order_by("id")
            digest = Suppression.objects.order_by("-id")[0].digest
        assert first.proof == f"STOP to message {message.ref}"
        assert second.proof == f"STOP from {digest}"

    def test_of_a_number_nobody_has_yet_it_holds_for_whoever_gets_it(self, cast: Cast) -> None:
        transport, _message, _guest = self.sent(cast.fjordstuen)
        self.incoming(transport, "STOP", **{"from": "+4799887766"})
        with business_scope(cast.fjordstuen.pk):
            late = CustomerFactory()
            PhoneFactory(customer=late, value="998 87 766", is_primary=True)
            assert may_contact(ids=[late.pk], purpose="stay", channel="sms")[late.pk].reasons == (Reason.OPTED_OUT,)

    def test_an_answer_is_on_the_timeline_of_whom_we_wrote_to(self, cast: Cast) -> None:
        transport, _message, guest = self.sent(cast.fjordstuen)
        with business_scope(cast.fjordstuen.pk):
            partner = CustomerFactory()
            PhoneFactory(customer=partner, value=PHONE)
        self.incoming(transport, "See you on Friday!")
        with business_scope(cast.fjordstuen.pk):
            assert Activity.objects.get().customer_id == guest.pk
            assert not Suppression.objects.exists()
            assert Message.objects.get().replied_at is not None

    def test_twilios_signature_is_asked_for(self, cast: Cast, settings: Any) -> None:
        settings.INNKEEPER_URL = "https://crm.example"
        with business_scope(cast.fjordstuen.pk):
            transport = transport_create(
                business=cast.fjordstuen.business,
                values=TransportValues(
                    kind="twilio",
                    name="Twilio",
                    options={"account": "AC1"},
                    secrets={"token": "token"},
                    sender_address="Fjord",
                ),
            )
            message_sent(guest_of(), channel="sms", transport=transport, provider_id="SM1")
        form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
        path = url(transport)
        assert Client().post(path, form).status_code == 403
        signed = twilio(form, address=f"https://crm.example{path}").headers["x-twilio-signature"]
        assert (
            Client().post(path, form | {"MessageStatus": "failed"}, HTTP_X_TWILIO_SIGNATURE=signed).status_code == 403
        )
        assert Client().post(path, form, HTTP_X_TWILIO_SIGNATURE=signed).status_code == 200
        with business_scope(cast.fjordstuen.pk):
            assert Message.objects.get().state == "delivered"
            assert CallbackEvent.objects.count() == 1
