"""The gate's rules, as a table: what is known, what is wanted, what comes out."""

import datetime as dt
from typing import Any

import pytest

from messaging.gate.rules import Known, Limits, Ruling, Verdict, Wanted, rule, rule_in_turn

NOON = dt.datetime(2026, 6, 16, 10, 0, tzinfo=dt.UTC)
NIGHT = dt.datetime(2026, 6, 16, 21, 30, tzinfo=dt.UTC)
MORNING = dt.datetime(2026, 6, 17, 7, 0, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def wanted(**values: Any) -> Wanted:
    told: dict[str, Any] = {
        "customer_id": 1,
        "channel": "email",
        "purpose": "newsletter",
        "due_at": NOON,
        "origin": "campaign",
        "origin_id": 7,
    }
    return Wanted(**{**told, **values})


def known(**values: Any) -> Known:
    return Known(**{"customer_id": 1, "zone": "Europe/Oslo", "address": "kari@example.com", **values})


def told(ruling: Ruling) -> tuple[str, str, dt.datetime | None]:
    return ruling.verdict.value, ruling.reason, ruling.until


@pytest.mark.parametrize(
    ("what", "message", "guest", "at", "expected"),
    [
        ("nothing in the way", {}, {}, NOON, ("allow", "", None)),
        ("due later, at noon", {"due_at": NOON + DAY}, {}, NOON, ("allow", "", None)),
        ("expired", {"expires_at": NOON}, {}, NOON, ("refuse", "expired", None)),
        (
            "expired before it is due",
            {"due_at": NOON + DAY, "expires_at": NOON + HOUR},
            {},
            NOON,
            ("refuse", "expired", None),
        ),
        ("no permission", {}, {"reasons": ["withdrawn", "relay"]}, NOON, ("refuse", "withdrawn", None)),
        ("another card got it", {}, {"got": {("campaign", "email", 7): 0}}, NOON, ("refuse", "merged", None)),
        ("by another channel", {}, {"got": {("campaign", "sms", 7): 0}}, NOON, ("allow", "", None)),
        ("another campaign", {}, {"got": {("campaign", "email", 8): 0}}, NOON, ("allow", "", None)),
        (
            "an older one waits",
            {"message_id": 9},
            {"got": {("campaign", "email", 7): 5}},
            NOON,
            ("refuse", "merged", None),
        ),
        ("a younger one waits", {"message_id": 5}, {"got": {("campaign", "email", 7): 9}}, NOON, ("allow", "", None)),
        ("at night", {"due_at": NIGHT}, {}, NIGHT, ("defer", "quiet", MORNING)),
        ("of use only tonight", {"due_at": NIGHT, "expires_at": MORNING}, {}, NIGHT, ("refuse", "late_quiet", None)),
        ("a stay by e-mail, at night", {"purpose": "stay", "origin": "automation"}, {}, NIGHT, ("allow", "", None)),
        (
            "a stay by SMS, at night",
            {"purpose": "stay", "origin": "automation", "channel": "sms"},
            {},
            NIGHT,
            ("defer", "quiet", MORNING),
        ),
        (
            "a word from the desk by SMS, at night",
            {"purpose": "stay", "origin": "card", "channel": "sms"},
            {},
            NIGHT,
            ("allow", "", None),
        ),
        (
            "an offer from the card, at night",
            {"purpose": "offer", "origin": "card"},
            {},
            NIGHT,
            ("defer", "quiet", MORNING),
        ),
        (
            "a test, at night, of somebody who has not consented",
            {"origin": "test", "address": "me@example.com"},
            {"reasons": ["no_consent"]},
            NIGHT,
            ("allow", "", None),
        ),
        (
            "night there, day here",
            {},
            {"zone": "Australia/Sydney"},
            NOON + 3 * HOUR,
            ("defer", "quiet", dt.datetime(2026, 6, 16, 23, tzinfo=dt.UTC)),
        ),
        ("heard today", {}, {"heard": [("email", NOON - HOUR)]}, NOON, ("defer", "capped", MORNING)),
        ("heard today by SMS", {}, {"heard": [("sms", NOON - HOUR)]}, NOON, ("allow", "", None)),
        (
            "heard yesterday, a minute before midnight",
            {},
            {"heard": [("email", dt.datetime(2026, 6, 15, 21, 59, tzinfo=dt.UTC))]},
            NOON,
            ("allow", "", None),
        ),
        (
            "heard today, a minute after midnight",
            {},
            {"heard": [("email", dt.datetime(2026, 6, 15, 22, 1, tzinfo=dt.UTC))]},
            NOON,
            ("defer", "capped", MORNING),
        ),
        (
            "three times this week",
            {},
            {"heard": [("sms", NOON - n * DAY) for n in (1, 3, 6)]},
            NOON,
            ("defer", "capped", MORNING),
        ),
        (
            "three times in eight days",
            {},
            {"heard": [("sms", NOON - n * DAY) for n in (1, 3, 7)]},
            NOON,
            ("allow", "", None),
        ),
        (
            "a week that stays full",
            {},
            {"heard": [("sms", NOON - n * DAY) for n in (0, 1, 2)]},
            NOON,
            ("defer", "capped", MORNING + 4 * DAY),
        ),
        (
            "a stay, however much was heard",
            {"purpose": "stay"},
            {"heard": [("email", NOON - HOUR)] * 9},
            NOON,
            ("allow", "", None),
        ),
        (
            "capped until it is of no use",
            {"expires_at": NOON + 2 * HOUR},
            {"heard": [("email", NOON)]},
            NOON,
            ("refuse", "late_capped", None),
        ),
    ],
)
def test_a_message_is_ruled(what: str, message: dict[str, Any], guest: dict[str, Any], at: Any, expected: Any) -> None:
    assert told(rule(wanted(**message), known(**guest), Limits(), at)) == expected, what


def test_of_two_at_once_the_second_waits_for_tomorrow() -> None:
    guest = known()
    first, second = rule_in_turn([(wanted(origin_id=7), guest), (wanted(origin_id=8), guest)], Limits(), NOON)
    assert told(first) == ("allow", "", None)
    assert told(second) == ("defer", "capped", MORNING)


def test_of_two_cards_of_one_guest_one_gets_it() -> None:
    guest = known()
    rulings = list(rule_in_turn([(wanted(), guest), (wanted(customer_id=2), guest)], Limits(), NOON))
    assert [each.verdict for each in rulings] == [Verdict.ALLOW, Verdict.REFUSE]
    assert (rulings[1].reason, rulings[1].customer_id) == ("merged", 1)


def test_what_is_put_off_is_counted_when_it_is_planned_and_not_when_it_is_sent() -> None:
    pairs = [(wanted(origin_id=n, due_at=NIGHT), guest) for guest in [known()] for n in (7, 8, 9)]
    planned = [each.until for each in rule_in_turn(pairs, Limits(), NIGHT, is_planning=True)]
    assert planned == [MORNING, MORNING + DAY, MORNING + 2 * DAY]
    pairs = [(wanted(origin_id=n, due_at=NIGHT), guest) for guest in [known()] for n in (7, 8, 9)]
    assert {each.until for each in rule_in_turn(pairs, Limits(), NIGHT)} == {MORNING}
