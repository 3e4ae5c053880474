"""A merge as its page shows it: a line for each field with a choice of the cards' values, and what is chosen."""

from dataclasses import dataclass, field

from django.http import QueryDict

from dedup.merging.shown import Choice, Preview
from dedup.review.state import number_read

PICK = "pick_"


@dataclass(frozen=True)
class Line:
    """One field. ``values`` are (text, whether it is chosen), one a card; ``number`` is the key that takes the next
    value, 0 for none; a line that does not ``differ`` is shown without a choice."""

    key: str
    label: str
    values: list[tuple[str, bool]]
    result: str
    differs: bool
    number: int = 0


@dataclass(frozen=True)
class MergeShown:
    """The lines of a merge, how many are alike and not shown, and what was chosen beside them."""

    lines: list[Line]
    alike: int
    survivor_id: int
    tags: list[int] = field(default_factory=list)


def merge_shown(preview: Preview, sent: QueryDict, *, shows_all: bool = False) -> MergeShown:
    """The lines, as proposed or as they were ``sent``."""
    choices = [choice for choice in (*preview.fields, *preview.own) if any(choice.values)]
    shown = [choice for choice in choices if choice.differs or shows_all]
    lines, place = [], 0
    for choice in shown:
        place += choice.differs
        lines.append(_line(choice, sent, place if choice.differs and place < 10 else 0))
    survivor = number_read(sent.get("survivor", ""))
    tags = [number for text in sent.getlist("tag") if (number := number_read(text)) is not None]
    return MergeShown(
        lines,
        len(choices) - len(shown),
        survivor if survivor in {card.id for card in preview.cards} and survivor else preview.survivor_id,
        tags or list(preview.tags.chosen),
    )


def _line(choice: Choice, sent: QueryDict, number: int) -> Line:
    chosen = number_read(sent.get(PICK + choice.key, ""))
    place = chosen if chosen is not None and chosen < len(choice.values) else choice.chosen
    values = [(value, place == at) for at, value in enumerate(choice.values)]
    return Line(choice.key, choice.label, values, choice.values[place], choice.differs, number)
