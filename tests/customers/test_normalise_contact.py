"""E-mail addresses and phone numbers: tables of what is typed, and laws that hold for any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.normalise import normalise_email, normalise_phone, normalise_phones
from customers.normalise.email import EMAIL_LENGTH, _validated
from customers.normalise.phone import DIGITS_MAX


@pytest.mark.parametrize(
    ("raw", "normalised", "state", "reason"),
    [
        ("Jan.Berg@Fjord.NO", "jan.berg@fjord.no", "ok", ""),
        ("  jan@berg.no\t", "jan@berg.no", "ok", ""),
        ("\u200bjan@berg.no\ufeff", "jan@berg.no", "ok", ""),
        ("mailto:jan@berg.no", "jan@berg.no", "ok", ""),
        ("Jan Berg <JAN@berg.no>", "jan@berg.no", "ok", ""),
        ("jan+fjord@berg.no", "jan+fjord@berg.no", "ok", ""),
        ("ola@blåbær.no", "ola@xn--blbr-roah.no", "ok", ""),
        ("ås@mø.no", "ås@xn--m-5ga.no", "ok", ""),
        ("foo@gmial.com", "foo@gmial.com", "ok", ""),
        ("na@firma.dk", "na@firma.dk", "ok", ""),
        ("abc.123@guest.booking.com", "abc.123@guest.booking.com", "relay", "relay"),
        ("x@de.guest.booking.com", "x@de.guest.booking.com", "relay", "relay"),
        ("jan@booking.com", "jan@booking.com", "ok", ""),
        ("none@fjord.no", "none@fjord.no", "placeholder", "placeholder"),
        ("TEST@hotel.dk", "test@hotel.dk", "placeholder", "placeholder"),
        ("na@na.com", "na@na.com", "placeholder", "placeholder"),
        ("jan@example.com", "jan@example.com", "ok", ""),
        ("", None, "invalid", "empty"),
        ("\u200b ", None, "invalid", "empty"),
        ("jan", None, "invalid", "no_at"),
        ("jan@a.no; ola@b.no", None, "invalid", "several"),
        ("Dr..M@verizon.com", None, "invalid", "syntax"),
        ("Cardenas.Mr.@mail.com", None, "invalid", "syntax"),
        ("a b@c.no", None, "invalid", "syntax"),
        ("jan@", None, "invalid", "domain"),
        ("jan@berg", None, "invalid", "domain"),
        ("jan@localhost", None, "invalid", "domain"),
        ("jan@-berg.no", None, "invalid", "domain"),
        ("jan@[127.0.0.1]", None, "invalid", "domain"),
        ("a" * 250 + "@berg.no", None, "invalid", "too_long"),
        ("a" * 10_000, None, "invalid", "too_long"),
    ],
)
def test_normalise_email(raw: str, normalised: str | None, state: str, reason: str) -> None:
    assert normalise_email(raw) == (normalised, state, reason)


@given(st.one_of(st.text(max_size=80), st.emails(), st.from_regex(r"[a-zæøå0-9.@ <>-]{0,40}", fullmatch=True)))
def test_any_address_is_answered_and_normalising_twice_is_once(raw: str) -> None:
    result = normalise_email(raw)
    assert (result.normalised is None) == (result.state == "invalid")
    if result.normalised is not None:
        assert len(result.normalised) <= EMAIL_LENGTH
        assert normalise_email(result.normalised) == result


@given(st.from_regex(r"[a-zA-Z0-9._+-]{1,9}@[a-z0-9.-]{1,12}\.(no|com|test|local|invalid|onion|7|x1)", fullmatch=True))
def test_plain_addresses_are_judged_as_the_library_judges_them(raw: str) -> None:
    assert normalise_email(raw) == _validated(raw)


@pytest.mark.parametrize(
    ("raw", "country", "e164", "national", "state", "reason"),
    [
        ("22 33 44 55", "NO", "+4722334455", "22334455", "ok", ""),
        ("+47 22 33 44 55", "DK", "+4722334455", "22334455", "ok", ""),
        ("0047 22334455", "DK", "+4722334455", "22334455", "ok", ""),
        ("004722334455", "US", "+4722334455", "22334455", "ok", ""),
        ("0031685900762", "", "+31685900762", "685900762", "ok", ""),
        ("073 47 72 38 7", "nl", "+31734772387", "734772387", "ok", ""),
        ("+44 (0)20 7946 0958", "NO", "+442079460958", "2079460958", "ok", ""),
        ("٠٦٨٥٩٠٠٧٦٢", "NL", "+31685900762", "685900762", "ok", ""),
        ("669-792-1661", "NO", None, "6697921661", "invalid", "no_such_number"),
        ("669-792-1661", "PT", None, "6697921661", "invalid", "no_such_number"),
        ("00000000", "NO", None, "00000000", "placeholder", "placeholder"),
        ("12345678", "NO", None, "12345678", "placeholder", "placeholder"),
        ("+47 12345678", "DK", None, "4712345678", "placeholder", "placeholder"),
        ("06 12345678", "NL", None, "0612345678", "placeholder", "placeholder"),
        ("99 99 99 99", "DK", None, "99999999", "placeholder", "placeholder"),
        ("+4700000000", "NO", None, "4700000000", "placeholder", "placeholder"),
        ("ring", "NO", None, "", "invalid", "no_digits"),
        ("  ", "NO", None, "", "invalid", "empty"),
        ("12", "NO", None, "12", "invalid", "no_such_number"),
        ("22334455", "", None, "22334455", "invalid", "no_such_number"),
        ("22334455", "XX", None, "22334455", "invalid", "no_such_number"),
        ("0685900762 / 0685900763", "NL", None, "06859007620685900763", "invalid", "several"),
    ],
)
def test_normalise_phone(raw: str, country: str, e164: str | None, national: str, state: str, reason: str) -> None:
    result = normalise_phone(raw, country)
    assert (result.e164, result.national, result.state, result.reason) == (e164, national, state, reason)


def test_all_typed_digits_are_kept() -> None:
    assert normalise_phone("+47 22 33 44 55", "NO").digits == "4722334455"
    assert normalise_phone("669-792-1661", "NO").digits == "6697921661"


def test_many_numbers_come_back_in_order() -> None:
    raws = ["22334455", "ring", "22334455", "+4722334455"]
    assert normalise_phones(raws, "NO") == [normalise_phone(raw, "NO") for raw in raws]


@given(
    st.one_of(st.text(max_size=60), st.from_regex(r"[+0-9 ()/x.-]{0,40}", fullmatch=True)),
    st.sampled_from(["NO", "DK", "NL", "US", "PT", "", "XX"]),
)
def test_any_number_is_answered_and_normalising_twice_is_once(raw: str, country: str) -> None:
    result = normalise_phone(raw, country)
    assert (result.e164 is not None) == (result.state == "ok")
    assert len(result.digits) <= DIGITS_MAX and len(result.national) <= DIGITS_MAX
    if result.e164 is not None:
        again = normalise_phone(result.e164, country)
        assert (again.e164, again.national) == (result.e164, result.national)
        assert result.e164.endswith(result.national)


@pytest.mark.parametrize("raw", ["9" * 10_000, "+" * 10_000, "1 2 " * 5_000, "🏨" * 10_000, "\x00123456"])
def test_long_and_odd_numbers_are_answered(raw: str) -> None:
    assert len(normalise_phone(raw, "NO").digits) <= DIGITS_MAX
