"""What decisions teach, and what they tell of the thresholds."""

import pytest
from django.core.management import call_command

from accounts.models import AuditEntry
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.lineage.models import MergedCard
from dedup.register.comparing import taught_bits
from dedup.register.learning import ENOUGH, estimates, is_due, said
from dedup.register.models import Decision, Match, MatchSettings
from dedup.register.selectors import counts, match_explained, match_row, matches_of, next_after, queue
from dedup.register.services import (
    DecisionRefused,
    SettingsRefused,
    decide,
    decision_withdraw,
    settings_save,
)
from dedup.register.settings import settings_get
from tests.cast import House
from tests.dedup.register.cards import card, crowd, followed, found, twins, walked

pytestmark = pytest.mark.django_db


def match(weight: float, state: str = "open", **values: object) -> Match:
    one, other = card("Ola", "Utne"), card("Ola", "Utne")
    chance = 1 / (1 + 2**-weight)
    return Match.objects.create(
        left_id=one.pk, right_id=other.pk, weight=weight, probability=chance, state=state, **values
    )


def test_too_few_decisions_tell_nothing(fjordstuen: House) -> None:
    one = match(3.0)
    decide(left_id=one.left_id, right_id=one.right_id, decision="different")
    told = estimates()
    assert (told.decisions, told.same, told.different, told.enough) == (1, 0, 1, False)
    assert told.precision is None and told.recall is None


def test_precision_and_recall(fjordstuen: House) -> None:
    """Sixty matches at .97, of which one in ten was found to be wrong; forty at .33 that nobody has looked at."""
    with change_set(kind=ChangeSet.Kind.EDIT) as act:
        for at in range(60):
            left, right = 10_000 + at, 20_000 + at
            wrong = at % 10 == 0
            state = Match.State.DIFFERENT if wrong else Match.State.MERGED
            Match.objects.create(left_id=left, right_id=right, weight=5.0, probability=0.97, state=state)
            verdict = Decision.Verdict.DIFFERENT if wrong else Decision.Verdict.SAME
            Decision.objects.create(left_id=left, right_id=right, verdict=verdict, pattern=at, weight=5.0)
            if not wrong:
                MergedCard.objects.create(absorbed_id=right, survivor_id=left, change_set_id=act.pk)
    for at in range(40):
        Match.objects.create(left_id=30_000 + at, right_id=40_000 + at, weight=-1.0, probability=0.333)
    told = estimates()
    assert (told.decisions, told.same, told.different, told.enough) == (60, 54, 6, True)
    assert told.precision == pytest.approx(0.9, abs=0.01)
    assert told.recall == pytest.approx(54 / (54 + 13.3), abs=0.02)
    assert told.precision_low is not None and told.precision_high is not None
    assert 0.8 < told.precision_low < told.precision < told.precision_high <= 1
    assert told.certain_precision is None
    # A merge that was undone was a mistake, or none: it tells nothing.
    with change_set(kind=ChangeSet.Kind.EDIT):
        MergedCard.objects.all().delete()
    assert [each.same for each in said()] == [False] * 6
    assert estimates().precision is None


@pytest.mark.parametrize(("taught", "corrected"), [(0.0, True), (10.0, False)])
def test_decisions_teach_by_what_pairs_weighed_without_earlier_ones(
    fjordstuen: House, taught: float, corrected: bool
) -> None:
    crowd()
    walked(fjordstuen.pk)
    for at in range(ENOUGH):
        Decision.objects.create(
            left_id=10_000 + at,
            right_id=20_000 + at,
            verdict="different",
            pattern=12345 + at % 3,
            weight=5.0,
            taught=taught,
        )
    MatchSettings.objects.update(untaught=ENOUGH)
    walked(fjordstuen.pk)
    # Pairs of which the engine itself had said that they are different teach nothing new.
    assert (taught_bits([12345])[0] < -1) is corrected
    one = match(3.0, pattern=12345)
    decision = decide(left_id=one.left_id, right_id=one.right_id, decision="different")
    assert decision is not None and decision.taught == pytest.approx(taught_bits([12345])[0])


def test_enough_decisions_are_learned_from_by_the_next_walk(fjordstuen: House) -> None:
    crowd()
    walked(fjordstuen.pk)
    before = MatchSettings.objects.get()
    assert before.taught is None
    pattern = 12345
    for at in range(ENOUGH):
        Decision.objects.create(
            left_id=10_000 + at, right_id=20_000 + at, verdict="different", pattern=pattern + at % 3, weight=2.0
        )
    MatchSettings.objects.update(untaught=ENOUGH)
    assert is_due(settings_get())
    walked(fjordstuen.pk)
    after = MatchSettings.objects.get()
    assert after.taught is not None
    assert (after.taught_by, after.untaught) == (ENOUGH, 0)
    assert after.models_made == before.models_made + 1
    assert not is_due(settings_get())
    told = estimates()
    assert told.enough and told.learned_from == ENOUGH


def test_learning_is_asked_for_by_deciding(fjordstuen: House) -> None:
    crowd(5)
    walked(fjordstuen.pk)
    for _at in range(2):
        one = match(3.0, pattern=7)
        decide(left_id=one.left_id, right_id=one.right_id, decision="different")
        decide(left_id=one.left_id, right_id=one.right_id, decision="later")
    assert MatchSettings.objects.get().untaught == 2


def test_deciding_again_replaces_what_was_said(fjordstuen: House) -> None:
    one = match(3.0)
    ids = {"left_id": one.right_id, "right_id": one.left_id}
    decide(**ids, decision="later", member=fjordstuen.reception)
    decision = decide(**ids, decision="different", member=fjordstuen.admin)
    assert decision is not None
    assert Decision.objects.filter(is_withdrawn=False).get() == decision
    one.refresh_from_db()
    assert one.state == Match.State.DIFFERENT
    decision_withdraw(decision_id=decision.pk)
    decision_withdraw(decision_id=decision.pk)
    one.refresh_from_db()
    assert one.state == Match.State.OPEN
    assert not Decision.objects.filter(is_withdrawn=False).exists()


def test_a_card_and_itself(fjordstuen: House) -> None:
    with pytest.raises(DecisionRefused):
        decide(left_id=5, right_id=5, decision="different")


def test_thresholds(fjordstuen: House) -> None:
    settings_save(propose=0.6, certain=0.999, automatic=True, member=fjordstuen.admin)
    settings = settings_get()
    assert (settings.propose, settings.certain, settings.automatic) == (0.6, 0.999, True)
    assert AuditEntry.objects.latest("pk").action == "matching.changed"
    for propose, certain, wrong in ((0.9, 0.8, "certain"), (0.0, 0.9, "propose"), (0.5, 1.0, "certain")):
        with pytest.raises(SettingsRefused) as refused:
            settings_save(propose=propose, certain=certain, automatic=False)
        assert wrong in refused.value.errors


def test_the_queue(fjordstuen: House) -> None:
    sure, likely, weak = match(12.0, agrees=0b11), match(3.0, agrees=0b10), match(-1.0)
    aside = match(4.0, "later")
    assert [row.match_id for row in queue()] == [sure.pk, likely.pk]
    assert [row.match_id for row in queue(minimum=0.2)] == [sure.pk, likely.pk, weak.pk]
    assert [row.match_id for row in queue(maximum=0.95)] == [likely.pk]
    assert [row.match_id for row in queue(agree={"given_name"})] == [sure.pk]
    assert [row.match_id for row in queue(state="later")] == [aside.pk]
    assert [row.match_id for row in queue(after=sure.pk)] == [likely.pk]
    assert [row.match_id for row in queue(size=1)] == [sure.pk]
    assert next_after(match_id=sure.pk) == likely.pk
    assert next_after(match_id=likely.pk) == sure.pk
    assert next_after(match_id=aside.pk, state="later") is None
    (row,) = queue(agree={"given_name"})
    assert (row.agreeing, row.left.customer_id, row.right.name) == (
        ("given_name", "family_name"),
        sure.left_id,
        "Ola Utne",
    )
    told = counts()
    assert (told.open, told.later, told.certain) == (2, 1, 1)
    assert told.fields == {"given_name": 1, "family_name": 2}
    assert sum(number for _low, number in told.bands) == 2
    assert match_row(match_id=aside.pk) is not None
    assert match_row(match_id=0) is None
    assert [row.match_id for row in matches_of(customer_id=sure.right_id)] == [sure.pk]


def test_a_match_is_explained_as_its_cards_stand(fjordstuen: House) -> None:
    crowd()
    twins()
    walked(fjordstuen.pk)
    one = Match.objects.get(probability__gte=0.5)
    told = match_explained(match_id=one.pk)
    assert told is not None
    assert sum(part.weight for part in told.parts) == pytest.approx(told.weight, abs=0.01)
    assert told.weight == pytest.approx(one.weight, abs=0.01)
    assert {part.field for part in told.parts if part.level} >= {"given_name", "emails", "phones"}
    assert match_explained(match_id=0) is None


def test_from_the_command_line(fjordstuen: House, capsys: pytest.CaptureFixture[str]) -> None:
    crowd()
    twins()
    call_command("find_matches", "--business", "fjordstuen")
    said_so = capsys.readouterr().out
    assert "62 guests compared" in said_so and "1 matches to look at" in said_so
    assert len(found()) == 1
    call_command("find_matches", "--business", "fjordstuen", "--json")
    assert '"open": 1' in capsys.readouterr().out
    followed(fjordstuen.pk)
