"""Words that stand in the facts as numbers: each has one of its own, the same in Python and in the database."""

import pycountry
import pytest
from django.db import connection

from customers.card.models import Customer
from customers.filters.catalogue import COUNTRY, LANGUAGE, code

WORDS = {
    "countries": ["", *(country.alpha_2 for country in pycountry.countries)],
    "languages": ["", "pt-BR", "pt-PT"]
    + [
        word
        for language in pycountry.languages
        for word in (getattr(language, "alpha_2", ""), language.alpha_3)
        if word
    ],
    "sources": Customer.Source.values,
    "kinds": Customer.Kind.values,
}


@pytest.mark.django_db
@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_every_word_has_a_number_of_its_own_and_the_database_makes_the_same(words: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT customers_facts_code(word) FROM unnest(%s::text[]) WITH ORDINALITY AS told (word, at) ORDER BY at",
            [words],
        )
        made = [number for (number,) in cursor.fetchall()]
    assert made == [code(word) for word in words]
    assert len(set(made)) == len(set(words))
    assert code("") == 0


def test_what_a_filter_may_ask_for_are_the_words_that_were_compared() -> None:
    assert all(COUNTRY.fullmatch(word) for word in WORDS["countries"][1:])
    assert all(LANGUAGE.fullmatch(word) for word in WORDS["languages"][1:])
