"""Sealing: what opens where, and what does not. No database."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.sensitive.sealing import CannotOpen, Keyring, MissingKey

OLD, NEW = ("old", b"o" * 32), ("new", b"n" * 32)
BUSINESS, UID = uuid.UUID(int=1), uuid.UUID(int=2)
BOUND = {"business": BUSINESS, "uid": UID, "kind": "food"}


@given(st.text())
def test_what_is_sealed_opens_again(text: str) -> None:
    keys = Keyring([NEW, OLD])
    sealed = keys.seal(text, **BOUND)
    assert keys.open(sealed.ciphertext, sealed.key_name, **BOUND) == text
    assert len(text) < 4 or text.encode() not in sealed.ciphertext


def test_the_same_text_is_never_sealed_alike() -> None:
    keys = Keyring([NEW])
    assert keys.seal("Peanuts", **BOUND).ciphertext != keys.seal("Peanuts", **BOUND).ciphertext


@pytest.mark.parametrize(
    ("description", "changed"),
    [
        ("another business", {"business": uuid.UUID(int=9)}),
        ("another detail", {"uid": uuid.UUID(int=9)}),
        ("another kind", {"kind": "allergies"}),
        ("business and detail swapped", {"business": UID, "uid": BUSINESS}),
    ],
)
def test_a_ciphertext_opens_only_where_it_belongs(description: str, changed: dict[str, object]) -> None:
    keys = Keyring([NEW])
    sealed = keys.seal("Peanuts", **BOUND)
    with pytest.raises(CannotOpen):
        keys.open(sealed.ciphertext, sealed.key_name, **(BOUND | changed))


def test_every_changed_bit_is_noticed() -> None:
    keys = Keyring([NEW])
    sealed = keys.seal("Peanuts", **BOUND)
    for at in range(len(sealed.ciphertext)):
        tampered = bytearray(sealed.ciphertext)
        tampered[at] ^= 1
        with pytest.raises(CannotOpen):
            keys.open(bytes(tampered), sealed.key_name, **BOUND)


@pytest.mark.parametrize("short", [b"", b"x", b"x" * 12, b"x" * 27])
def test_what_was_never_sealed_does_not_open(short: bytes) -> None:
    with pytest.raises(CannotOpen):
        Keyring([NEW]).open(short, "new", **BOUND)


def test_the_first_key_seals_and_every_key_opens() -> None:
    before = Keyring([OLD]).seal("Peanuts", **BOUND)
    keys = Keyring([NEW, OLD])
    assert keys.open(before.ciphertext, before.key_name, **BOUND) == "Peanuts"
    assert keys.seal("Peanuts", **BOUND).key_name == keys.current == "new"
    with pytest.raises(MissingKey):
        Keyring([NEW]).open(before.ciphertext, before.key_name, **BOUND)


def test_a_keyring_never_shows_its_keys() -> None:
    assert repr(Keyring([NEW, OLD])) == "Keyring(new, old)"


def test_keys_of_another_length_and_none_at_all_are_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Keyring([("short", b"x" * 16)])
    with pytest.raises(ValueError, match="needs a key"):
        Keyring([])
