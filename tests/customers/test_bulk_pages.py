"""Pages of bulk actions, as a member uses them."""

import json
from typing import Any

import pytest

from accounts.tenancy import business_scope
from customers.bulk.models import BulkRun
from customers.bulk.services import bulk_work
from customers.bulk.tasks import bulk_run_work
from customers.card.models import Customer, CustomerTag, Tag
from customers.changes.models import ChangeSet
from customers.segments.models import SavedView
from tests.cast import Cast, House
from tests.customers.exporting import asked, downloaded, read
from tests.factories import CustomerFactory, CustomerTagFactory, CustomFieldFactory, SavedViewFactory, TagFactory
from tests.forms import Form, forms_of
from tests.pages import address, client_of, told

pytestmark = pytest.mark.django_db
DUTCH = json.dumps(
    {"version": 1, "match": "all", "rules": [{"field": "language", "operator": "any_of", "value": ["nl"]}]}
)


@pytest.fixture
def nudged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Runs that a worker was told of."""
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(bulk_run_work, "delay", lambda *ids: told.append(ids))
    return told


def made(house: House, number: int, **values: Any) -> list[int]:
    with business_scope(house.pk):
        return [CustomerFactory(**values).pk for _ in range(number)]


def tag_of(house: House) -> Tag:
    with business_scope(house.pk):
        return TagFactory(name="Winter")


def tagged(house: House) -> list[int]:
    with business_scope(house.pk):
        return sorted(CustomerTag.objects.values_list("customer_id", flat=True))


def form_to(page: Any, path: str, method: str = "post") -> Form:
    return next(
        form
        for form in forms_of(page.content.decode())
        if form.method == method and form.action.partition("?")[0] == path
    )


class TestFewGuests:
    def test_are_tagged_at_once_with_a_way_back(self, cast: Cast, nudged: list[Any]) -> None:
        house, tag = cast.fjordstuen, tag_of(cast.fjordstuen)
        guests = made(house, 3)
        client = client_of(house.reception)
        sent = {"action": "tag_add", "tag": tag.pk, "guest": guests, "q": "nord", "sort": "-last", "filter": DUTCH}
        answer = client.post(address(house, "bulk_do"), sent)
        assert tagged(house) == guests
        assert told(answer) == ["Tagged in bulk: Winter. 3 guests were changed."]
        assert answer.headers["Location"].startswith(address(house, "guest_list") + "?filter=%7B")
        assert answer.headers["Location"].endswith("&q=nord&sort=-last")
        assert nudged == []
        with business_scope(house.pk):
            act = ChangeSet.objects.get(kind=ChangeSet.Kind.BULK)
        page = client.get(address(house, "guest_list"))
        undo = form_to(page, address(house, "change_undo", change_set_id=act.pk))
        client.post(undo.action)
        assert tagged(house) == []

    def test_the_list_one_comes_back_to_looks_as_it_did(self, cast: Cast) -> None:
        house = cast.fjordstuen
        (guest,) = made(house, 1, language="nl")
        with business_scope(house.pk):
            saved = SavedViewFactory(tree=json.loads(DUTCH), sort="-last")
        client = client_of(house.admin)

        def carried(page: Any) -> dict[str, str]:
            values = form_to(page, address(house, "bulk_do")).values
            return {name: values[name] for name in ("filter", "q", "sort", "cols", "density", "view") if name in values}

        for state, looks in (
            ("cols=city,stays&density=compact", {"cols": "city,stays", "density": "compact"}),
            (f"view={saved.pk}&sort=&cols=city", {"view": str(saved.pk), "sort": "", "cols": "city"}),
            ("view=all", {"view": "all"}),
        ):
            sent = carried(client.get(f"{address(house, 'guest_list')}?{state}"))
            assert sent.items() >= looks.items()
            for whom in ({"everyone": "1"}, {"guest": str(guest)}):
                with business_scope(house.pk):
                    tag = TagFactory()
                answer = client.post(
                    address(house, "bulk_do"), {**sent, **whom, "action": "tag_add", "tag": str(tag.pk)}
                )
                if "everyone" in whom:
                    done = form_to(client.get(answer.headers["Location"]), address(house, "bulk_do"))
                    answer = client.post(done.action, done.values)
                assert answer.headers["Location"].startswith(address(house, "guest_list"))
                assert carried(client.get(answer.headers["Location"])) == sent, (state, whom)

    def test_whoever_changes_the_view_meanwhile_changes_nobody_else(self, cast: Cast) -> None:
        house, tag = cast.fjordstuen, tag_of(cast.fjordstuen)
        dutch = made(house, 2, language="nl")
        made(house, 2, language="nb")
        with business_scope(house.pk):
            saved = SavedViewFactory(tree=json.loads(DUTCH))
        client = client_of(house.admin)
        bar = form_to(client.get(f"{address(house, 'guest_list')}?view={saved.pk}"), address(house, "bulk_do"))
        everybody = {"version": 1, "match": "all", "rules": []}
        with business_scope(house.pk):
            SavedView.objects.filter(pk=saved.pk).update(tree=everybody)
        sent = bar.values | {"everyone": "1", "action": "tag_add", "tag": str(tag.pk)}
        review = client.post(bar.action, sent, follow=True)
        with business_scope(house.pk):
            SavedView.objects.filter(pk=saved.pk).delete()
        done = form_to(review, address(house, "bulk_do"))
        client.post(done.action, done.values)
        assert tagged(house) == dutch

    def test_those_left_are_told_with_the_first_names(self, cast: Cast) -> None:
        house, tag = cast.fjordstuen, tag_of(cast.fjordstuen)
        with business_scope(house.pk):
            full = CustomerFactory(given_name="Kari", family_name="Full")
            for slot in range(1, 10):
                CustomerTagFactory(customer=full, slot=slot)
        guests = made(house, 5, is_restricted=True, given_name="Ola", family_name="Still")
        answer = client_of(house.reception).post(
            address(house, "bulk_do"), {"action": "tag_add", "tag": tag.pk, "guest": [full.pk, *guests]}
        )
        assert told(answer) == [
            "Nothing had to be changed.",
            "Their data is restricted: it may be kept, not used: Ola Still, Ola Still, Ola Still and 2 more",
            "Carry nine tags, as many as a guest can: Kari Full",
        ]

    def test_a_form_sent_twice_acts_once(self, cast: Cast) -> None:
        house, tag = cast.fjordstuen, tag_of(cast.fjordstuen)
        guests = made(house, 2)
        client = client_of(house.reception)
        for _ in range(2):
            client.post(
                address(house, "bulk_do"), {"action": "tag_add", "tag": tag.pk, "guest": guests, "token": "form"}
            )
        with business_scope(house.pk):
            assert BulkRun.objects.count() == 1

    def test_what_the_bar_does_not_ask_is_asked_on_a_page(self, cast: Cast) -> None:
        house = cast.fjordstuen
        with business_scope(house.pk):
            CustomFieldFactory(key="view", label="View")
        guests = made(house, 2, language="nb")
        client = client_of(house.reception)
        page = client.post(address(house, "bulk_do"), {"action": "field_set", "guest": guests}, follow=True)
        assert page.redirect_chain[0][0].startswith(address(house, "bulk_new"))
        chosen = form_to(page, address(house, "bulk_new"), "get")
        assert "View" in page.content.decode()
        shown = client.get(chosen.action, {**chosen.values, "field": "language"})
        chosen = form_to(shown, address(house, "bulk_new"), "get")
        shown = client.get(chosen.action, {**chosen.values, "field": "language", "value": "nl"})
        assert shown.context["preview"].wanted == 2
        done = form_to(shown, address(house, "bulk_do"))
        answer = client.post(done.action, done.values)
        assert told(answer) == ["Set in bulk: Language – Dutch. 2 guests were changed."]
        with business_scope(house.pk):
            assert set(Customer.objects.values_list("language", flat=True)) == {"nl"}

    @pytest.mark.parametrize(
        ("sent", "words"),
        [
            ({}, "Choose at least one guest first."),
            ({"guest": "x"}, "Choose at least one guest first."),
            ({"guests": ",".join(map(str, range(1, 202)))}, "Choose at most 200 guests one by one"),
            ({"everyone": "1", "filter": "{broken"}, "A part of the filter could not be read."),
            (
                {"everyone": "1", "filter": DUTCH.replace("language", "height")},
                "A part of the filter could not be read.",
            ),
        ],
    )
    def test_a_selection_that_is_none_changes_nobody(self, cast: Cast, sent: dict[str, str], words: str) -> None:
        house, tag = cast.fjordstuen, tag_of(cast.fjordstuen)
        made(house, 2)
        client = client_of(house.admin)
        action = {"action": "tag_add", "tag": tag.pk, "sure": "1", **sent}
        for answer in (client.post(address(house, "bulk_do"), action), client.get(address(house, "bulk_new"), action)):
            assert answer.status_code == 302
            assert any(words in message for message in told(answer))
        assert tagged(house) == []

    def test_a_wrong_value_comes_back_with_its_message(self, cast: Cast) -> None:
        house = cast.fjordstuen
        guests = made(house, 1)
        sent = {"action": "field_set", "field": "language", "value": "klingon", "guest": guests, "sure": "1"}
        page = client_of(house.reception).post(address(house, "bulk_do"), sent)
        assert page.status_code == 422
        assert "Choose one of the list." in page.content.decode()
        assert form_to(page, address(house, "bulk_new"), "get").values["guests"] == str(guests[0])


class TestEveryone:
    def test_is_counted_and_shown_before_it_is_done(
        self, cast: Cast, nudged: list[Any], django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("customers.bulk.services.SMALL", 1)
        house, tag = cast.fjordstuen, tag_of(cast.fjordstuen)
        dutch = made(house, 3, language="nl")
        made(house, 2, language="nb")
        with business_scope(house.pk):
            CustomerTagFactory(customer_id=dutch[0], tag=tag)
        client = client_of(house.marketing)
        sent = {"action": "tag_add", "tag": tag.pk, "everyone": "1", "filter": DUTCH}
        page = client.post(address(house, "bulk_do"), sent, follow=True)
        assert page.redirect_chain[0][0].startswith(address(house, "bulk_new"))
        assert (page.context["preview"].total, page.context["preview"].wanted) == (3, 2)
        assert "Have this tag already" in page.content.decode()
        assert tagged(house) == [dutch[0]]
        form = form_to(page, address(house, "bulk_do"))
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(form.action, form.values)
        with business_scope(house.pk):
            run = BulkRun.objects.get()
        assert nudged == [(house.pk, run.pk)]
        assert answer.headers["Location"].startswith(address(house, "bulk_run", bulk_id=run.pk) + "?filter=")
        waiting = client.get(answer.headers["Location"]).content.decode()
        assert 'hx-trigger="every 1s"' in waiting
        assert "http-equiv" in waiting, "without script the page comes again by itself"
        bulk_work(business_id=house.pk, run_id=run.pk)
        state = client.get(address(house, "bulk_state", bulk_id=run.pk), HTTP_HX_REQUEST="true").content.decode()
        assert "hx-trigger" not in state
        assert tagged(house) == dutch
        done = client.get(answer.headers["Location"])
        assert form_to(done, address(house, "change_undo", change_set_id=run.change_set_id))
        assert address(house, "guest_list") + "?filter=" in done.content.decode()

    def test_once_more_without_being_asked_is_one_run(self, cast: Cast, nudged: list[Any]) -> None:
        house, tag = cast.fjordstuen, tag_of(cast.fjordstuen)
        made(house, 3)
        client = client_of(house.marketing)
        page = client.get(address(house, "bulk_new"), {"action": "tag_add", "tag": tag.pk, "everyone": "1"})
        form = form_to(page, address(house, "bulk_do"))
        for _ in range(3):
            client.post(form.action, form.values)
        with business_scope(house.pk):
            assert BulkRun.objects.get().changed == 3


class TestRights:
    @pytest.mark.parametrize(
        ("role", "action", "everyone", "allowed"),
        [
            ("reception", "tag_add", False, True),
            ("reception", "tag_add", True, False),
            ("reception", "field_set", False, True),
            ("reception", "export", False, False),
            ("marketing", "tag_add", True, True),
            ("marketing", "field_set", False, False),
            ("marketing", "export", True, True),
            ("admin", "field_set", True, True),
        ],
    )
    def test_as_single_edits_need_and_more_for_all(
        self, cast: Cast, role: str, action: str, everyone: bool, allowed: bool
    ) -> None:
        house, tag = cast.fjordstuen, tag_of(cast.fjordstuen)
        guests = made(house, 1)
        client = client_of(getattr(house, role))
        whom: dict[str, Any] = {"everyone": "1"} if everyone else {"guest": guests}
        sent = {"action": action, "tag": tag.pk, "field": "language", "value": "nl", **whom}
        answer = client.post(address(house, "bulk_do"), sent)
        assert (answer.status_code == 403) is not allowed
        if not allowed:
            assert tagged(house) == []
            with business_scope(house.pk):
                assert not BulkRun.objects.exists()

    def test_the_actions_offered_are_those_one_may_use(self, cast: Cast) -> None:
        house = cast.fjordstuen
        guests = made(house, 1)
        page = client_of(house.marketing).get(address(house, "bulk_new"), {"guests": guests[0]}).content.decode()
        assert "Add a tag" in page
        assert "Change a field" not in page

    def test_a_run_is_cancelled_by_who_started_it_or_may_undo(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("customers.bulk.services.SMALL", 0)
        house, tag = cast.fjordstuen, tag_of(cast.fjordstuen)
        made(house, 2)
        marketing = client_of(house.marketing)
        states = []
        for who in (house.reception, house.marketing, house.admin):
            marketing.post(
                address(house, "bulk_do"), {"action": "tag_add", "tag": tag.pk, "everyone": "1", "sure": "1"}
            )
            with business_scope(house.pk):
                run = BulkRun.objects.latest("id")
            answer = client_of(who).post(address(house, "bulk_cancel", bulk_id=run.pk))
            with business_scope(house.pk):
                states.append((answer.status_code, BulkRun.objects.get(pk=run.pk).state))
        assert states == [(403, "waiting"), (302, "cancelled"), (302, "cancelled")]


class TestExport:
    def test_a_selection_as_a_file(self, cast: Cast) -> None:
        house = cast.fjordstuen
        guests = made(house, 3, family_name="Berg")
        client = client_of(house.marketing)
        answer = client.post(address(house, "bulk_do"), {"action": "export", "guest": guests[:2]})
        run = asked(client, house, answer.headers["Location"])
        assert [int(row["id"]) for row in read(downloaded(client, run))] == guests[:2]

    def test_all_that_match_as_a_file(self, cast: Cast) -> None:
        house = cast.fjordstuen
        dutch = made(house, 2, language="nl")
        made(house, 1, language="nb")
        client = client_of(house.marketing)
        answer = client.post(address(house, "bulk_do"), {"action": "export", "everyone": "1", "filter": DUTCH})
        run = asked(client, house, answer.headers["Location"])
        assert sorted(int(row["id"]) for row in read(downloaded(client, run))) == dutch


class TestUndo:
    def test_a_large_act_goes_to_its_page(self, cast: Cast, nudged: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
        house, tag = cast.fjordstuen, tag_of(cast.fjordstuen)
        guests = made(house, 3)
        client = client_of(house.reception)
        client.post(address(house, "bulk_do"), {"action": "tag_add", "tag": tag.pk, "guest": guests})
        with business_scope(house.pk):
            act = ChangeSet.objects.get(kind=ChangeSet.Kind.BULK)
        monkeypatch.setattr("customers.bulk.undoing.BIG_UNDO", 2)
        answers = [client.post(address(house, "change_undo", change_set_id=act.pk)) for _ in range(2)]
        with business_scope(house.pk):
            run = BulkRun.objects.get(kind="undo")
        page = address(house, "bulk_run", bulk_id=run.pk)
        assert [answer.headers["Location"] for answer in answers] == [page, page]
        assert tagged(house) == guests
        working = client.get(page).content.decode()
        assert "Undo: Tagged in bulk: Winter" in working
        assert address(house, "bulk_cancel", bulk_id=run.pk) not in working
        bulk_work(business_id=house.pk, run_id=run.pk)
        assert tagged(house) == []
        assert "It was taken back." in client.get(page).content.decode()

    def test_a_colleagues_act_is_not_one_s_own_to_undo(self, cast: Cast) -> None:
        house, tag = cast.fjordstuen, tag_of(cast.fjordstuen)
        guests = made(house, 1)
        client_of(house.marketing).post(
            address(house, "bulk_do"), {"action": "tag_add", "tag": tag.pk, "guest": guests}
        )
        with business_scope(house.pk):
            act = ChangeSet.objects.get(kind=ChangeSet.Kind.BULK)
        undo = address(house, "change_undo", change_set_id=act.pk)
        assert client_of(house.reception).post(undo).status_code == 403
        assert client_of(house.marketing).post(undo).status_code == 302
        assert tagged(house) == []
