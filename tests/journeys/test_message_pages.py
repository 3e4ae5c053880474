"""The pages about messages are for everybody: in the light and the dark, on a phone, with large text."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.tenancy import business_scope
from messaging.campaigns.models import Campaign
from messaging.campaigns.services import campaign_pause, campaign_step
from messaging.gate.services import settings_save
from messaging.outbox.models import Message
from messaging.outbox.services import send_due
from messaging.transports.models import Caught, Transport
from messaging.transports.services import TransportValues, transport_create
from tests.cast import Cast, cast_assemble
from tests.factories import CustomerFactory
from tests.journeys.conftest import OpenBrowser
from tests.messaging.campaigns.houses import campaign, confirmed, everybody, letter, worked
from tests.messaging.outbox.letters import draft, guest, local, planned

ROOM = "/b/fjordstuen/messages/"
OTHERS = ("en", "nb", "da")
STATES = {
    "delivered": {"opened_at": timezone.now, "clicked_at": timezone.now},
    "bounced": {"detail": "550 5.1.1 no such user"},
    "unknown": {"reason": "lost"},
    "skipped": {"reason": "no_consent"},
}


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return cast_assemble()


@pytest.fixture
def addresses(cast: Cast) -> list[str]:
    """Something of everything: messages in every state, campaigns at every point, ways of sending that fail and do not;
    the addresses of their pages."""
    house = cast.fjordstuen
    with business_scope(house.pk):
        settings_save(open_from=dt.time(0), open_until=dt.time(0), cap_day=10, cap_week=50)
        way, sms = local(house.business), local(house.business, "sms", price=Decimal("0.59"))
        server = transport_create(
            business=house.business,
            values=TransportValues(
                kind="smtp",
                name="Die Postannahmestelle der Unternehmensgruppe",
                options={"host": "smtp.fjordstuen.example", "port": 587, "security": "starttls"},
                sender_address="en-veldig-lang-adresse-for-nyhetsbrev@kristoffersen-familien.example",
            ),
        )
        people = [guest(given_name="Kari", phone=True) for _each in range(len(STATES) + 1)]
        guest(consents=False)
        CustomerFactory(given_name="Maximiliane-Wilhelmina", family_name="van der Westerhuyzen-Kristoffersen")
        segment, template = everybody(), letter(nb="Snø i lia, {guest.given_name}")
        told = {"segment_id": segment.pk, "template_id": template.pk}
        running, waiting = worked(confirmed(**told)), confirmed(**told)
        campaign_pause(campaign_id=waiting.pk)
        unfinished = campaign(**told, holdout=10)
        planned(draft(people[0], "sms", channel="sms"))
    while send_due(business_id=house.pk).more:
        pass
    with business_scope(house.pk):
        done = Message.objects.filter(origin="campaign", state="sent").order_by("id")
        for message, (state, values) in zip(done, STATES.items(), strict=False):
            known = {name: value() if callable(value) else value for name, value in values.items()}
            Message.objects.filter(pk=message.pk).update(state=state, transport=way, **known)
        campaign_step(campaign_id=running.pk, now=timezone.now())
        # One that is being sent: its page asks again by itself.
        Campaign.objects.filter(pk=running.pk).update(state="running")
        letters = Caught.objects.order_by("channel").values_list("pk", flat=True)
        outbox = Message.objects.filter(state="unknown").values_list("pk", flat=True)
        return [
            *("campaigns/", "campaigns/new/", "outbox/", "outbox/times/", "inbox/", "inbox/empty/", "inbox/?q=nothing"),
            *(f"campaigns/{unfinished.pk}/{step}/" for step in ("whom", "what", "when", "review", "remove")),
            *(f"campaigns/{each.pk}/" for each in (running, waiting)),
            *(
                f"campaigns/{running.pk}/{tail}"
                for tail in ("guests/", "guests/?arm=excluded&reason=no_consent", "cancel/")
            ),
            *(f"outbox/{pk}/" for pk in outbox),
            *(
                f"inbox/{pk}/{tail}"
                for pk, tail in zip(
                    [*letters[:1]] * 3 + [*letters.reverse()[:1]], ("", "?view=text", "?view=headers", ""), strict=True
                )
            ),
            *(
                "sending/",
                "sending/new/",
                "sending/new/?channel=sms",
                "sending/new/?kind=smtp",
                "sending/new/?kind=link",
            ),
            *(f"sending/{pk}/{tail}" for pk in (sms.pk, server.pk) for tail in ("", "edit/")),
            f"sending/{server.pk}/remove/",
            f"../guests/{people[0].pk}/message/",
            f"../guests/{people[0].pk}/message/?channel=sms&template=",
        ]


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_is_open_to_everybody(cast: Cast, addresses: list[str], visit: OpenBrowser, width: int) -> None:
    watch = visit(f"{ROOM}outbox/", user=cast.fjordstuen.owner.user, width=width, touch=width < 760)
    for tail in addresses:
        answer = watch.page.goto(f"{ROOM}{tail}", wait_until="load")
        assert answer is not None and answer.status == 200, tail
        if "/when/" in tail:
            watch.page.locator("input[value=morning]").check()
        for fold in watch.page.locator("main details > summary:visible").all()[:2]:
            fold.click()
        watch.assert_accessible()
        watch.assert_fits()
        if width > 760:
            watch.wear("dark")
            watch.assert_accessible(rules=("color-contrast", "link-in-text-block"))
            watch.assert_fits()
            watch.page.emulate_media(color_scheme="light")


@pytest.mark.parametrize(
    ("language", "share"), [("nl", slice(None)), *((code, slice(turn, None, 3)) for turn, code in enumerate(OTHERS))]
)
def test_every_page_fits_a_small_phone_and_large_text(
    cast: Cast, addresses: list[str], visit: OpenBrowser, language: str, share: slice
) -> None:
    """Every page in Dutch, whose words are the longest, and in one of the other languages."""
    owner = cast.fjordstuen.owner.user
    owner.language = language
    owner.save()
    watch = visit(f"{ROOM}outbox/", user=owner, width=320, touch=True)
    for tail in addresses[share]:
        watch.page.goto(f"{ROOM}{tail}", wait_until="load")
        watch.assert_fits()
        watch.page.evaluate("document.documentElement.style.fontSize = '200%'")
        watch.assert_fits()


def test_what_is_wrong_is_told_to_everybody(cast: Cast, addresses: list[str], visit: OpenBrowser) -> None:
    with business_scope(cast.fjordstuen.pk):
        unfinished = Campaign.objects.get(state="draft")
        assert Transport.objects.exists()
    watch = visit(f"{ROOM}campaigns/new/", user=cast.fjordstuen.owner.user)
    page = watch.page
    with watch.expecting("422"):
        for tail, button in (
            ("campaigns/new/", "Next: the message"),
            (f"campaigns/{unfinished.pk}/when/", "Next: review"),
            ("sending/new/?kind=smtp", "Set it up"),
        ):
            page.goto(f"{ROOM}{tail}", wait_until="load")
            page.evaluate("document.querySelectorAll('form').forEach(form => { form.noValidate = true; })")
            if "when" in tail:
                page.locator("input[value=moment]").check()
            page.get_by_role("button", name=button).click()
            page.wait_for_selector("[aria-invalid=true]")
            page.wait_for_function("document.activeElement.matches('[data-focus], [aria-invalid=true]')")
            watch.assert_accessible()
            watch.assert_fits()


def test_a_page_at_work_rests_while_nobody_sees_it(cast: Cast, addresses: list[str], visit: OpenBrowser) -> None:
    with business_scope(cast.fjordstuen.pk):
        running = Campaign.objects.filter(state=Campaign.State.RUNNING).latest("id")
    watch = visit(f"{ROOM}campaigns/{running.pk}/", user=cast.fjordstuen.owner.user)
    page = watch.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/state/") else None)
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => window.away, configurable: true })")
    page.evaluate("window.away = true")
    page.evaluate("() => new Promise(done => setTimeout(done, 4500))")
    assert asked == []
    with page.expect_request(lambda request: request.url.endswith("/state/"), timeout=15_000):
        page.evaluate("window.away = false")
