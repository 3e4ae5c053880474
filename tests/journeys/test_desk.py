"""At the desk, with the keyboard: keystrokes counted, two editors at once, one sheet of paper."""

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.tenancy import business_scope
from customers.card.models import Customer, CustomerTag, Tag
from customers.history.models import Activity
from tests.cast import Cast, cast_assemble
from tests.factories import (
    ActivityFactory,
    CompanyFactory,
    CustomerFactory,
    CustomerTagFactory,
    EmailFactory,
    InvoiceFactory,
    PhoneFactory,
    PurchaseFactory,
    RelationFactory,
    StayFactory,
    StayParticipantFactory,
    TagFactory,
    TodoFactory,
)
from tests.journeys.conftest import OpenBrowser


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return cast_assemble()


@pytest.fixture
def guest(cast: Cast) -> Customer:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory(given_name="Ingrid", family_name="Sørensen", language="nb", city="Voss")
        PhoneFactory(customer=guest, value="912 34 567")
        return guest


class Keys:
    """A keyboard that counts what is pressed."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pressed = 0

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.pressed += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text, delay=30)
        self.pressed += len(text)


def test_find_open_note_and_tag_without_the_mouse(cast: Cast, guest: Customer, visit: OpenBrowser) -> None:
    page = visit("/b/fjordstuen/guests/", user=cast.fjordstuen.reception.user).page
    keys = Keys(page)
    keys.press("Control+k")
    keys.type("sore")
    keys.press("Enter")
    page.wait_for_url(f"**/guests/{guest.pk}/")
    assert keys.pressed == 6

    keys = Keys(page)
    text = "Late arrival"
    keys.press("n")
    keys.type(text)
    keys.press("Control+Enter")
    expect(page.locator(".timeline")).to_contain_text(text)
    assert keys.pressed - len(text) == 2

    keys = Keys(page)
    keys.press("t")
    keys.type("vi")
    keys.press("Enter")
    expect(page.locator("#tags")).to_contain_text("VIP")
    assert keys.pressed == 4
    with business_scope(cast.fjordstuen.pk):
        assert Activity.objects.get().text == text
        assert CustomerTag.objects.get().tag.code == Tag.Code.VIP


def test_the_tenth_tag_is_explained_before_it_is_tried(cast: Cast, guest: Customer, visit: OpenBrowser) -> None:
    with business_scope(cast.fjordstuen.pk):
        for slot in range(1, 10):
            CustomerTagFactory(customer=guest, tag=TagFactory(), slot=slot)
    watch = visit(f"/b/fjordstuen/guests/{guest.pk}/", user=cast.fjordstuen.reception.user)
    watch.page.keyboard.press("t")
    expect(watch.page.locator("#tag-add")).to_contain_text("Nine tags is the most a guest can carry")
    watch.assert_accessible()
    watch.page.keyboard.press("Escape")
    expect(watch.page.locator("#tag-add")).to_be_hidden()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_part_is_edited_where_it_stands(cast: Cast, guest: Customer, visit: OpenBrowser, width: int) -> None:
    watch = visit(
        f"/b/fjordstuen/guests/{guest.pk}/", user=cast.fjordstuen.reception.user, width=width, touch=width < 760
    )
    page = watch.page
    page.get_by_role("link", name="Edit Language").click()
    page.locator("#part-form select").select_option("da")
    watch.assert_accessible()
    watch.assert_fits()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#details")).to_contain_text("Danish")
    expect(page.locator(".toasts")).to_contain_text("Saved Ingrid Sørensen.")
    expect(page.get_by_role("link", name="Edit Language")).to_be_focused()
    assert page.url.endswith(f"/guests/{guest.pk}/")
    page.get_by_role("link", name="Edit Language").click()
    expect(page.locator("#part-form select")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#part-form")).to_have_count(0)
    page.locator(".toasts").get_by_role("button", name="Undo").click()
    expect(page.locator("#details")).to_contain_text("Norwegian")


def test_two_editors_see_each_other(cast: Cast, guest: Customer, visit: OpenBrowser) -> None:
    path = f"/b/fjordstuen/guests/{guest.pk}/edit/"
    first = visit(path, user=cast.fjordstuen.reception.user)
    second = visit(path, user=cast.fjordstuen.admin.user)
    first.page.get_by_label("City").fill("Bergen")
    first.page.keyboard.press("Control+Enter")
    first.page.wait_for_url(f"**/guests/{guest.pk}/")
    second.page.get_by_label("City").fill("Oslo")
    second.page.get_by_label("Given name").fill("Inger")
    with second.expecting("422"):
        second.page.keyboard.press("Control+Enter")
        expect(second.page.locator(".conflict")).to_contain_text("Bergen")
    second.assert_accessible()
    second.page.get_by_label("Your colleague's: Bergen").check()
    second.page.get_by_role("button", name="Save guest").click()
    second.page.wait_for_url(f"**/guests/{guest.pk}/")
    with business_scope(cast.fjordstuen.pk):
        saved = Customer.objects.get(pk=guest.pk)
        assert (saved.given_name, saved.city) == ("Inger", "Bergen")


def test_walk_through_a_list_and_back(cast: Cast, guest: Customer, visit: OpenBrowser) -> None:
    with business_scope(cast.fjordstuen.pk):
        CustomerFactory(given_name="Anna", family_name="Abel")
    page = visit("/b/fjordstuen/guests/?sort=name", user=cast.fjordstuen.reception.user).page
    page.get_by_role("link", name="Anna Abel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anna Abel")
    page.keyboard.press("j")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ingrid Sørensen")
    page.keyboard.press("j")
    expect(page.locator(".toasts")).to_contain_text("last guest of the list")
    page.keyboard.press("k")
    expect(page.get_by_role("heading", level=1)).to_have_text("Anna Abel")
    page.get_by_role("link", name="Back to the list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Guests")


def test_a_busy_card_prints_on_one_sheet(cast: Cast, guest: Customer, visit: OpenBrowser) -> None:
    today = timezone.localdate()
    with business_scope(cast.fjordstuen.pk):
        EmailFactory(customer=guest)
        RelationFactory(customer=guest, other=CompanyFactory())
        for days in range(40):
            arrival = today - dt.timedelta(days=20 * days - 5)
            status = "booked" if arrival > today else "checked_out"
            stay = StayFactory(arrival=arrival, departure=arrival + dt.timedelta(days=2), status=status, amount=1200)
            StayParticipantFactory(stay=stay, customer=guest, is_payer=True)
            ActivityFactory(customer=guest, text="Asked for a quiet room, high up, far from the lift. " * 10)
        for _number in range(5):
            PurchaseFactory(customer=guest)
            InvoiceFactory(customer=guest)
            TodoFactory(customer=guest, due_on=today)
        guest = Customer.objects.get(pk=guest.pk)
    page = visit(f"/b/fjordstuen/guests/{guest.pk}/", user=cast.fjordstuen.reception.user).page
    sheet = page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1


def test_a_companys_name_comes_first_where_it_is_a_company(visit: OpenBrowser, cast: Cast) -> None:
    watch = visit("/b/fjordstuen/guests/new/", user=cast.fjordstuen.reception.user)
    page = watch.page
    page.keyboard.type("Kari")
    company = page.get_by_role("radio", name="Company")
    company.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("group", name="Contact person")).to_be_visible()
    expect(company).to_be_focused()
    expect(page.get_by_label("Given name")).to_have_value("Kari")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Company", exact=True).and_(page.locator("input[type=text]"))).to_be_focused()
    page.keyboard.type("Fjord A/S")
    watch.assert_accessible()
    page.get_by_role("button", name="Save guest").click()
    page.wait_for_url(re.compile(r"/guests/\d+/$"))
    with business_scope(cast.fjordstuen.pk):
        made = Customer.objects.get(company_name="Fjord A/S")
        assert (made.kind, made.given_name) == ("company", "Kari")
