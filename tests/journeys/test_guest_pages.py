"""What guests open by the links of their messages is for everybody: in four languages, in the light and the dark, on a
phone, with large text, without script."""

import pytest
from django.core.cache import cache

from accounts.models import Business
from accounts.tenancy import business_scope
from customers.consent.models import ConsentEvent
from customers.permission.suppressing import suppress
from messaging.links.addresses import preferences_url, unsubscribe_url
from tests.cast import Cast, cast_assemble
from tests.factories import ConsentEventFactory, CustomerFactory, EmailFactory, PhoneFactory
from tests.journeys.conftest import OpenBrowser
from tests.journeys.watch import Watch
from tests.messaging.sent import message_sent

LANGUAGES = ("en", "nb", "da", "nl")


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    cast = cast_assemble()
    Business.objects.filter(pk=cast.fjordstuen.pk).update(
        name="Kristoffersen & Westerhuyzen Familieeiendommer Hotell og Camping",
        postal_address="Strandpromenaden ved gamle fergekaia 128, 3. etasje\n6800 Førde",
    )
    return cast


def links(cast: Cast, language: str) -> tuple[str, str]:
    """Where a guest of this language unsubscribes and chooses."""
    house = cast.fjordstuen
    with business_scope(house.pk):
        guest = CustomerFactory(language=language)
        EmailFactory(customer=guest, value=f"maximiliane.{language}@kristoffersen-familien.example", is_primary=True)
        PhoneFactory(customer=guest, is_primary=True)
        ConsentEventFactory(customer=guest)
        ref = message_sent(guest).ref
    named = {"public_id": house.business.public_id, "ref": ref}
    return tuple("/" + url(**named).split("/", 3)[3] for url in (unsubscribe_url, preferences_url))  # type: ignore[return-value]


def look(watch: Watch, *, language: str) -> None:
    """Anybody can read the page, by day and by night."""
    assert watch.page.get_attribute("html", "lang") == language
    watch.assert_fits()
    watch.assert_accessible()
    watch.wear("dark")
    watch.assert_accessible()
    watch.wear("light")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_guest_chooses_and_leaves(cast: Cast, visit: OpenBrowser, language: str) -> None:
    _leave, preferences = links(cast, language)
    watch = visit(preferences, width=390, touch=True)
    look(watch, language=language)
    page = watch.page
    assert "6800 Førde" in page.inner_text("footer")
    assert page.locator("#id_newsletter-sms").is_disabled(), "by a link in an SMS alone"
    page.locator("#id_profiling").check()
    page.locator("#id_pause").select_option("3")
    page.locator("main button.primary").click()
    page.wait_for_selector("[role=status], .alert")
    look(watch, language=language)
    with business_scope(cast.fjordstuen.pk):
        assert ConsentEvent.objects.filter(purpose="profiling", act="granted", source="portal").count() == 1
    page.goto(page.url.replace("/g/p/", "/g/u/"))
    look(watch, language=language)
    page.locator("main button.primary").click()
    page.wait_for_selector("main button.primary", state="detached")
    look(watch, language=language)
    with business_scope(cast.fjordstuen.pk):
        assert ConsentEvent.objects.filter(channel="email", act="withdrawn", source="portal").count() == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_link_that_opens_nothing(cast: Cast, visit: OpenBrowser, language: str, settings: object) -> None:
    cache.clear()
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"portal_forged": "1/h/ip"}  # type: ignore[attr-defined]
    watch = visit(width=390, language=language)
    with watch.expecting("404", "429"):
        for _time in range(2):
            watch.page.goto(watch.page.url.split("/", 3)[0] + "//" + watch.page.url.split("/")[2] + f"/g/u/{'x' * 64}/")
            look(watch, language=language)
    cache.clear()


def test_with_large_text_and_without_script(cast: Cast, visit: OpenBrowser) -> None:
    unsubscribe, preferences = links(cast, "nl")
    for address in (unsubscribe, preferences):
        watch = visit(address, width=320, text=200)
        watch.assert_fits()
        watch.assert_accessible()
    bare = visit(unsubscribe, javascript=False)
    bare.page.locator("main button.primary").click()
    bare.page.wait_for_selector("main button.primary", state="detached")
    with business_scope(cast.fjordstuen.pk):
        assert ConsentEvent.objects.filter(act="withdrawn").count() == 1


def test_the_list_of_suppressed_addresses(cast: Cast, visit: OpenBrowser) -> None:
    with business_scope(cast.fjordstuen.pk):
        for reason in ("bounce", "unsubscribed", "objection"):
            suppress(kind="email", normalised="kari@example.com", reason=reason, source="Postmark")
    for width in (390, 1280):
        watch = visit("/b/fjordstuen/messages/suppressed/", user=cast.fjordstuen.reception.user, width=width)
        page = watch.page
        page.fill("#id_address", "Kari@example.com")
        page.locator("main form button").first.click()
        page.wait_for_selector("#found")
        page.locator("#found summary").first.click()
        watch.assert_fits()
        watch.assert_accessible()
        watch.wear("dark")
        watch.assert_accessible()
