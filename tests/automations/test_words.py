"""What automations say, and why things came as they did."""

import pytest
from django.utils import translation

from automations.definition import Leave, Until, Wait
from automations.definition.model import Aim
from automations.models import Journey, JourneyStep
from automations.reasons import OUTCOME_TONES, REASONS, STATE_TONES
from automations.words import reason_words, wait_words


@pytest.mark.parametrize("code", [*Leave, *Aim, "only", "condition", "changed", "gone", "error", "hand", "off"])
def test_every_reason_of_a_journey_has_words(code: str) -> None:
    assert str(code) in REASONS
    assert reason_words(str(code)) not in ("", str(code))


def test_other_reasons_are_the_gates(db: None) -> None:
    assert reason_words("no_consent") == "Has not consented"
    assert reason_words("expired") == "It came too late to be of use"
    assert reason_words("") == ""
    assert reason_words("unheard") == "unheard"


def test_every_state_and_outcome_has_a_tone() -> None:
    assert set(STATE_TONES) == set(Journey.State)
    assert set(OUTCOME_TONES) == set(JourneyStep.Outcome)


def test_words_follow_the_reader() -> None:
    with translation.override("en"):
        assert wait_words(Wait(Until.DURATION, days=1)) == "Wait 1 day"
        assert wait_words(Wait(Until.DURATION, days=2, hours=1)) == "Wait 2 days 1 hour"
