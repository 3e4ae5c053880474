"""What servers say is kept without whom it is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.transports.masking import masked


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("550 5.1.1 <kari.nord@example.com>: User unknown", "550 5.1.1 <…@…>: User unknown"),
        ('550 "kari nord"@example.com unknown', "550 …@… unknown"),
        ("to=kåre@blåbær.no, refused", "…@…, refused"),
        ("GET /send?to=kari%40example.com&n=1", "GET …@…"),
        ("The 'To' number +15005550006 is not valid (21211)", "The 'To' number … is not valid (21211)"),
        ("+47 912 34 678 / 912 34 678 / 0047-91234678", "… / … / 0047-…"),
        ("to %2B4791234678", "to …"),
        ("invalid: 91234567", "invalid: …"),
        ("550 5.7.1 blocked [192.168.10.12] code 30005", "550 5.7.1 blocked [192.168.10.12] code 30005"),
        ("421 4.7.0 Try again in 15 minutes", "421 4.7.0 Try again in 15 minutes"),
        ("550-5.7.26 This mail is unauthenticated", "550-5.7.26 This mail is unauthenticated"),
        ("", ""),
    ],
)
def test_addresses_and_numbers_are_masked_and_codes_stay(said: str, kept: str) -> None:
    assert masked(said) == kept


@given(before=st.text(max_size=40), name=st.from_regex(r"[a-z]{3,12}(\.[a-z]{2,8})?", fullmatch=True))
def test_no_address_is_left(before: str, name: str) -> None:
    assert f"{name}@example.com" not in masked(f"{before} {name}@example.com.")


@given(number=st.integers(10**7, 10**12), before=st.text(max_size=40))
def test_no_number_is_left(number: int, before: str) -> None:
    assert f"{number}" not in masked(f"{before} +{number}")
