"""Addresses as members type them: taken apart, or refused before anybody is asked."""

import pytest

from accounts.outgoing import address_read
from accounts.outgoing_problems import AddressWrong, NotHttps, NotPublic, OutgoingError, PasswordInAddress, PortRefused


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("", AddressWrong),
        ("guests.csv", AddressWrong),
        ("//example.org/guests.csv", AddressWrong),
        ("https://", AddressWrong),
        ("https:///guests.csv", AddressWrong),
        ("http://example.org/guests.csv", NotHttps),
        ("HTTP://example.org/", NotHttps),
        ("ftp://example.org/guests.csv", NotHttps),
        ("file:///etc/passwd", AddressWrong),
        ("gopher://example.org/", AddressWrong),
        ("javascript:alert(1)", AddressWrong),
        ("https://user@example.org/", PasswordInAddress),
        ("https://user:secret@example.org/", PasswordInAddress),
        ("https://example.org@10.0.0.1/", PasswordInAddress),
        ("https://example.org\\@10.0.0.1/", AddressWrong),
        ("https://exa mple.org/", AddressWrong),
        ("https://example.org/a\r\nHost: b", AddressWrong),
        ("https://example.org/\x00", AddressWrong),
        ("https://example.org:99999/", AddressWrong),
        ("https://example.org:x/", AddressWrong),
        ("https://example.org:6379/", PortRefused),
        ("https://example.org:22/", PortRefused),
        ("https://-example.org/", AddressWrong),
        ("https://exam_ple.org/", AddressWrong),
        ("https://exa%6dple.org/", AddressWrong),
        ("https://" + "a" * 64 + ".org/", AddressWrong),
        ("https://example.org/" + "a" * 1_000, AddressWrong),
        ("https://127.0.0.1/", NotPublic),
        ("https://10.0.0.1/", NotPublic),
        ("https://169.254.169.254/latest/meta-data/", NotPublic),
        ("https://[::1]/", NotPublic),
        ("https://[::ffff:127.0.0.1]/", NotPublic),
        ("https://[64:ff9b::7f00:1]/", NotPublic),
        ("https://[fe80::1%25eth0]/", AddressWrong),
        ("https://[fe80::1%eth0]/", AddressWrong),
        ("https://[::1/", AddressWrong),
    ],
)
def test_what_is_no_address_of_the_open_internet_is_refused_as_it_is_typed(
    address: str, error: type[OutgoingError]
) -> None:
    with pytest.raises(OutgoingError) as refused:
        address_read(address)
    assert type(refused.value) is error
    assert str(refused.value)


@pytest.mark.parametrize(
    ("address", "host", "path"),
    [
        ("https://example.org", "example.org", "/"),
        (" https://EXAMPLE.org./a%20b?c=d&e=%C3%A5#top ", "example.org", "/a%20b?c=d&e=%C3%A5"),
        ("https://example.org/gjæster?navn=Åse", "example.org", "/gj%C3%A6ster?navn=%C3%85se"),
        ("https://blåbær.no/", "xn--blbr-roah.no", "/"),
        ("https://93.184.216.34/a", "93.184.216.34", "/a"),
        ("https://[2606:2800:220:1::1]/a", "2606:2800:220:1::1", "/a"),
    ],
)
def test_an_address_is_taken_apart(address: str, host: str, path: str) -> None:
    found = address_read(address)
    assert (found.host, found.port, found.path) == (host, 443, path)
