"""Columns that follow from what was typed. Every way in (form, import, sample data) uses these, so that they agree."""

from typing import NamedTuple

from customers.normalise import identity_key, normalise_email, normalise_phone, search_tokens, sort_key


class NameKeys(NamedTuple):
    """The derived columns of a card."""

    sort_key: str
    identity_key: str
    search_tokens: str


class ContactKeys(NamedTuple):
    """The derived columns of a contact point."""

    normalised: str
    national: str
    state: str


def name_keys(*, given_name: str, family_name: str, company_name: str, language: str) -> NameKeys:
    """Derive a card's keys; ``language`` is the business's, whose alphabet the register is sorted by."""
    return NameKeys(
        sort_key(given_name, family_name, company_name, language=language),
        identity_key(given_name, family_name, company_name),
        " ".join(search_tokens(given_name, family_name, company_name)),
    )


def email_keys(value: str) -> ContactKeys:
    """Derive an e-mail address's keys; an invalid one keeps no normal form and stays as typed."""
    result = normalise_email(value)
    return ContactKeys(result.normalised or "", "", result.state)


def phone_keys(value: str, country: str) -> ContactKeys:
    """Derive a phone number's keys; ``country`` is assumed where no country code was typed."""
    result = normalise_phone(value, country)
    return ContactKeys(result.e164 or "", result.national, result.state)
