"""What batches of a try-out leave behind: none of its keys is forgotten, and hardly any other is taken for one."""

from hypothesis import given
from hypothesis import strategies as st

from imports.staging.met import Met

KEYS = st.lists(st.text(max_size=12), max_size=30)


@given(batches=st.lists(KEYS, max_size=5), others=KEYS)
def test_nothing_is_forgotten(batches: list[list[str]], others: list[str]) -> None:
    met = Met()
    for batch in batches:
        met.add(batch)
    kept = {key for batch in batches for key in batch}
    asked = sorted(kept | set(others))
    assert kept <= set(met.among(asked)) <= set(asked)


def test_others_are_hardly_ever_asked_for() -> None:
    met = Met()
    met.add(f"guest-{number}@example.com" for number in range(100_000))
    assert len(met.among([f"+47{number:08d}" for number in range(100_000)])) < 2_000
    assert met.among([]) == []
