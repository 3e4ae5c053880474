"""Rows for tests, made by the app role inside the business in scope.

A factory of a guest table opens a change set of its own when the test has none open, as every write to one needs.
"""

import datetime as dt
import hashlib
import uuid
from decimal import Decimal
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import ApiAnswer, ApiKey, AuditEntry, Business, Invitation, Member, Property, Role, User
from accounts.services.businesses import business_create
from customers.bulk.models import BulkRun
from customers.card.models import ContactPoint, Customer, CustomerTag, ExternalId, Tag
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.consent.models import Channel, ConsentEvent, ConsentWording, Purpose
from customers.fields.models import CustomField, GuestFieldValue, StayFieldValue
from customers.history.models import Activity, Invoice, Product, Purchase, Stay, StayParticipant, Todo
from customers.normalise import identity_key, normalise_email, normalise_phone, search_tokens, sort_key
from customers.relations.models import Relation
from customers.segments.models import DefaultView, SavedView, Segment, SegmentMember
from customers.sensitive.models import SensitiveDetail


class UserFactory(DjangoModelFactory[User]):
    """A person who can be signed in with ``client.force_login``; there is no password to hash."""

    class Meta:
        model = User

    name = factory.Sequence(lambda n: f"Person {n}")
    email = factory.Sequence(lambda n: f"person{n}@example.com")
    password = "!"


class BusinessFactory(DjangoModelFactory[Business]):
    """A business as sign-up makes it: with its first property and the eight tags."""

    class Meta:
        model = Business

    name = factory.Sequence(lambda n: f"Hotel {n}")
    country = "NO"

    @classmethod
    def _create(cls, model_class: type[Business], *args: Any, **kwargs: Any) -> Business:
        return business_create(**kwargs)


class MemberFactory(DjangoModelFactory[Member]):
    class Meta:
        model = Member

    user = factory.SubFactory(UserFactory)
    role = Role.RECEPTION


class PropertyFactory(DjangoModelFactory[Property]):
    class Meta:
        model = Property

    name = factory.Sequence(lambda n: f"House {n}")


class InvitationFactory(DjangoModelFactory[Invitation]):
    """An invitation whose token is nowhere: only its hash is kept."""

    class Meta:
        model = Invitation

    email = factory.Sequence(lambda n: f"invited{n}@example.com")
    token_hash = factory.LazyFunction(lambda: hashlib.sha256(uuid.uuid4().bytes).hexdigest())
    invited_by = factory.SubFactory(MemberFactory)
    expires_at = factory.LazyFunction(lambda: timezone.now() + dt.timedelta(days=7))


class AuditEntryFactory(DjangoModelFactory[AuditEntry]):
    class Meta:
        model = AuditEntry

    action = "guest.exported"


class TrackedFactory(DjangoModelFactory):
    """Of a guest table: every row is written under a change set."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        with change_set(kind=ChangeSet.Kind.EDIT, title="Made by a test"):
            return super()._create(model_class, *args, **kwargs)


class CustomerFactory(TrackedFactory):
    class Meta:
        model = Customer

    given_name = factory.Sequence(lambda n: f"Kari {n}")
    family_name = "Nordmann"
    language = "nb"
    first_contact = dt.date(2024, 5, 17)
    sort_key = factory.LazyAttribute(lambda o: sort_key(o.given_name, o.family_name, "", language=o.language))
    identity_key = factory.LazyAttribute(lambda o: identity_key(o.given_name, o.family_name, ""))
    search_tokens = factory.LazyAttribute(lambda o: " ".join(search_tokens(o.given_name, o.family_name, "")))


class CompanyFactory(CustomerFactory):
    kind = Customer.Kind.COMPANY
    given_name = family_name = ""
    company_name = factory.Sequence(lambda n: f"Delta Bygg {n} AS")
    sort_key = factory.LazyAttribute(lambda o: sort_key("", "", o.company_name))
    identity_key = factory.LazyAttribute(lambda o: identity_key("", "", o.company_name))
    search_tokens = factory.LazyAttribute(lambda o: " ".join(search_tokens("", "", o.company_name)))


class EmailFactory(TrackedFactory):
    class Meta:
        model = ContactPoint

    customer = factory.SubFactory(CustomerFactory)
    kind = ContactPoint.Kind.EMAIL
    value = factory.Sequence(lambda n: f"Guest{n}@example.com")
    normalised = factory.LazyAttribute(lambda o: normalise_email(o.value).normalised or "")
    state = factory.LazyAttribute(lambda o: normalise_email(o.value).state)


class PhoneFactory(TrackedFactory):
    """A phone; ``country`` is where a number without a country code belongs."""

    class Meta:
        model = ContactPoint

    class Params:
        country = "NO"

    customer = factory.SubFactory(CustomerFactory)
    kind = ContactPoint.Kind.PHONE
    value = factory.Sequence(lambda n: f"412 {n // 1000 % 100:02} {n % 1000:03}")
    normalised = factory.LazyAttribute(lambda o: normalise_phone(o.value, o.country).e164 or "")
    national = factory.LazyAttribute(lambda o: normalise_phone(o.value, o.country).national or "")
    state = factory.LazyAttribute(lambda o: normalise_phone(o.value, o.country).state)


class TagFactory(DjangoModelFactory[Tag]):
    class Meta:
        model = Tag

    name = factory.Sequence(lambda n: f"Label {n}")


class CustomerTagFactory(TrackedFactory):
    class Meta:
        model = CustomerTag

    customer = factory.SubFactory(CustomerFactory)
    tag = factory.SubFactory(TagFactory)
    slot = 1


class BulkRunFactory(DjangoModelFactory[BulkRun]):
    """An action on guests that waits for a worker."""

    class Meta:
        model = BulkRun

    kind = "tag_add"
    title = "Tagged in bulk: %(tag)s"
    values = factory.LazyFunction(lambda: {"tag_id": 0, "tag": "Label", "tag_code": ""})


class ExternalIdFactory(TrackedFactory):
    class Meta:
        model = ExternalId

    customer = factory.SubFactory(CustomerFactory)
    system = "bookings"
    value = factory.Sequence(str)


class StayFactory(TrackedFactory):
    """Two nights that took place, at the business's first property."""

    class Meta:
        model = Stay

    property = factory.LazyFunction(lambda: Property.objects.order_by("id")[0])
    status = Stay.Status.CHECKED_OUT
    arrival = dt.date(2025, 6, 1)
    departure = factory.LazyAttribute(lambda o: o.arrival + dt.timedelta(days=2))
    reference = factory.Sequence(lambda n: f"REF-{n}")


class StayParticipantFactory(TrackedFactory):
    class Meta:
        model = StayParticipant

    stay = factory.SubFactory(StayFactory)
    customer = factory.SubFactory(CustomerFactory)


class ActivityFactory(TrackedFactory):
    class Meta:
        model = Activity

    customer = factory.SubFactory(CustomerFactory)
    text = "Asked for a quiet room."


class RelationFactory(TrackedFactory):
    class Meta:
        model = Relation

    customer = factory.SubFactory(CustomerFactory)
    other = factory.SubFactory(CompanyFactory)
    kind = Relation.Kind.WORKS_AT


class ProductFactory(DjangoModelFactory[Product]):
    class Meta:
        model = Product

    name = factory.Sequence(lambda n: f"Spa hour {n}")


class PurchaseFactory(TrackedFactory):
    class Meta:
        model = Purchase

    customer = factory.SubFactory(CustomerFactory)
    product = factory.SubFactory(ProductFactory)
    amount = Decimal("450.00")
    currency = "NOK"
    bought_on = dt.date(2025, 6, 2)


class InvoiceFactory(TrackedFactory):
    """An invoice that has not been paid."""

    class Meta:
        model = Invoice

    customer = factory.SubFactory(CustomerFactory)
    number = factory.Sequence(lambda n: f"F-{1000 + n}")
    issued_on = dt.date(2025, 6, 3)
    due_on = dt.date(2025, 6, 17)
    amount = Decimal("2450.00")
    currency = "NOK"


class TodoFactory(TrackedFactory):
    class Meta:
        model = Todo

    customer = factory.SubFactory(CustomerFactory)
    title = "Call about the cot"
    due_on = dt.date(2025, 6, 1)


class CustomFieldFactory(DjangoModelFactory[CustomField]):
    class Meta:
        model = CustomField

    label = factory.Sequence(lambda n: f"Membership {n}")
    key = factory.Sequence(lambda n: f"membership_{n}")


class GuestFieldValueFactory(TrackedFactory):
    class Meta:
        model = GuestFieldValue

    customer = factory.SubFactory(CustomerFactory)
    field = factory.SubFactory(CustomFieldFactory)
    text = "Gold"


class StayFieldValueFactory(TrackedFactory):
    class Meta:
        model = StayFieldValue

    stay = factory.SubFactory(StayFactory)
    field = factory.SubFactory(CustomFieldFactory, target=CustomField.Target.STAY)
    text = "Early"


class ConsentWordingFactory(DjangoModelFactory[ConsentWording]):
    class Meta:
        model = ConsentWording

    purpose = Purpose.NEWSLETTER
    channel = Channel.EMAIL
    version = factory.Sequence(lambda n: 100 + n)
    texts = factory.LazyFunction(lambda: {"en": "Yes, send me the newsletter.", "nb": "Ja, send meg nyhetsbrevet."})


class ConsentEventFactory(DjangoModelFactory[ConsentEvent]):
    """A consent of ``customer``, granted at the desk; the database derives what holds."""

    class Meta:
        model = ConsentEvent

    class Params:
        customer = None

    customer_id = factory.LazyAttribute(lambda o: (o.customer or CustomerFactory()).pk)
    purpose = Purpose.NEWSLETTER
    channel = Channel.EMAIL
    act = ConsentEvent.Act.GRANTED
    source = ConsentEvent.Source.DESK


class SensitiveDetailFactory(TrackedFactory):
    """A detail whose ciphertext is of no key; its guest must have consented."""

    class Meta:
        model = SensitiveDetail

    customer = factory.SubFactory(CustomerFactory)
    kind = SensitiveDetail.Kind.ALLERGIES
    ciphertext = b"not a ciphertext"
    key_name = "none"


class SegmentFactory(DjangoModelFactory[Segment]):
    """A segment that everybody matches and nobody has been counted into."""

    class Meta:
        model = Segment

    name = factory.Sequence(lambda n: f"Segment {n}")
    tree = factory.LazyFunction(lambda: {"version": 1, "match": "all", "rules": []})


class SegmentMemberFactory(DjangoModelFactory[SegmentMember]):
    class Meta:
        model = SegmentMember

    segment = factory.SubFactory(SegmentFactory)
    customer = factory.SubFactory(CustomerFactory)
    entered_at = factory.LazyFunction(timezone.now)
    entered_xid = 1


class SavedViewFactory(DjangoModelFactory[SavedView]):
    """A shared view of everybody."""

    class Meta:
        model = SavedView

    name = factory.Sequence(lambda n: f"View {n}")
    tree = factory.LazyFunction(lambda: {"version": 1, "match": "all", "rules": []})


class DefaultViewFactory(DjangoModelFactory[DefaultView]):
    class Meta:
        model = DefaultView

    view = factory.SubFactory(SavedViewFactory)


class ApiKeyFactory(DjangoModelFactory[ApiKey]):
    """A key whose secret nobody has; :mod:`accounts.services` makes ones that open."""

    class Meta:
        model = ApiKey

    name = factory.Sequence(lambda n: f"Booking system {n}")
    prefix = "abcd1234"
    secret_hash = factory.LazyFunction(lambda: hashlib.sha256(uuid.uuid4().bytes).hexdigest())
    scopes = ("read", "write")


class ApiAnswerFactory(DjangoModelFactory[ApiAnswer]):
    class Meta:
        model = ApiAnswer

    key = factory.SubFactory(ApiKeyFactory)
    idempotency_key = factory.Sequence(lambda n: f"request-{n}")
    fingerprint = "0" * 64
    status = 201
    body = factory.LazyFunction(dict)
