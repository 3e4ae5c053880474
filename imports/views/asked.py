"""What the page of the columns sends, as answers. A name that is missing leaves the answer as it was."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from imports.answers import BY_USUAL, FIXED_MOST, PARTS, PARTS_MOST, SEVERAL, WHOLE, Answer, Answers
from imports.mapping import has_words
from imports.models import ImportRun

SPACE = "[space]"
"""How a space, a tab and a line's end are written where they could not be seen."""
_UNSEEN = {" ": SPACE, "\t": "[tab]", "\n": "[line]"}
ORDERS = ("dmy", "mdy", "ymd")
DECIMALS = ("", ",", ".")
UNTOLD = "?"
"""Of a word that nobody has told yet."""
_LONGEST_BY = 10
_LONGEST_VALUE = 200


def by_shown(by: str) -> str:
    """What parts values, as one can see it."""
    return "".join(_UNSEEN.get(sign, sign) for sign in by) if not by.strip() else by


def by_read(text: str) -> str:
    """The same as it is used."""
    for sign, shown in _UNSEEN.items():
        text = text.replace(shown, sign)
    return text[:_LONGEST_BY]


def answers_read(sent: Mapping[str, str], header: Sequence[str], before: Answers) -> Answers:
    """The answers of a page that was made of `before`."""
    kind = sent.get("kind", before.kind)
    years = sent.get("years", "")
    return replace(
        before,
        kind=kind if kind in ImportRun.Kind.values else before.kind,
        columns=tuple(_column(sent, place, before.columns[place]) for place in range(len(header))),
        dates=_one_of(sent.get("dates"), ORDERS, before.dates),
        decimal=_one_of(sent.get("decimal"), DECIMALS, before.decimal),
        years=int(years) if years.isdecimal() and len(years) < 3 else before.years,
        together=_together(sent, before),
        fixed=_fixed(sent, before),
        system=" ".join(sent.get("system", before.system).split())[:60],
        words=_words(sent, before),
    )


def is_more_to_tell(sent: Mapping[str, str], answers: Answers) -> bool:
    """Whether a column is to be read in a way that asks for more than the page has asked yet."""
    return any(
        answer.way != WHOLE and f"b-{place}" not in sent and sent.get(f"w-{place}") == answer.way
        for place, answer in enumerate(answers.columns)
    )


def renewed(answers: Answers, *, more_fixed: bool) -> Answers:
    """Answers to be shown once more, with what a chosen way of reading asks for, and room for another fixed value."""
    columns = []
    for answer in answers.columns:
        if answer.way == PARTS and not answer.parts:
            answer = replace(answer, parts=(answer.meaning, ""), by=answer.by or BY_USUAL[PARTS], meaning="")
        elif answer.way != PARTS and answer.parts:
            answer = replace(answer, meaning=next(filter(None, answer.parts), ""), parts=())
        if answer.way == SEVERAL and not answer.by:
            answer = replace(answer, by=BY_USUAL[SEVERAL])
        columns.append(answer)
    fixed = answers.fixed if not more_fixed else (*answers.fixed, ("", ""))
    return replace(answers, columns=tuple(columns), fixed=fixed[:FIXED_MOST])


def _column(sent: Mapping[str, str], place: int, before: Answer) -> Answer:
    way = _one_of(sent.get(f"w-{place}"), (WHOLE, SEVERAL, PARTS), before.way)
    parts = tuple(sent[f"p-{place}-{part}"] for part in range(PARTS_MOST) if f"p-{place}-{part}" in sent)
    by = sent.get(f"b-{place}")
    return Answer(
        meaning=sent.get(f"m-{place}", before.meaning),
        way=way,
        by=by_read(by) if by is not None else before.by if way == before.way else "",
        parts=parts or before.parts,
        dates=_one_of(sent.get(f"d-{place}"), ("", *ORDERS), before.dates),
    )


def _together(sent: Mapping[str, str], before: Answers) -> dict[str, tuple[str, str]]:
    said = dict(before.together)
    for name, how in sent.items():
        if name.startswith("t-") and how in ("first", "join", "sum"):
            meaning = name.removeprefix("t-")
            usual = said.get(meaning, ("", ""))[1]
            by = sent.get(f"tb-{meaning}")
            said[meaning] = (how, by_read(by) if by is not None else usual)
    return said


def _fixed(sent: Mapping[str, str], before: Answers) -> tuple[tuple[str, str], ...]:
    asked = (("stay.property", sent["property"]),) if sent.get("property") else ()
    if "fm-0" not in sent:
        return tuple(row for row in before.fixed if not asked or row[0] != "stay.property") + asked
    rows = [
        (sent.get(f"fm-{place}", ""), " ".join(sent.get(f"ft-{place}", "").split())[:1000])
        for place in range(FIXED_MOST)
        if f"fm-{place}" in sent
    ]
    return tuple(row for row in rows if any(row) and (not asked or row[0] != "stay.property")) + asked


def _words(sent: Mapping[str, str], before: Answers) -> tuple[tuple[str, str, str], ...]:
    """What words of the file mean; one that is told no more goes."""
    said = {(meaning, word): value for meaning, word, value in before.words}
    place = 0
    while (value := sent.get(f"v-{place}")) is not None:
        meaning, word = sent.get(f"vm-{place}", ""), sent.get(f"vw-{place}", "")
        if value == UNTOLD:
            said.pop((meaning, word), None)
        elif word and has_words(meaning):
            said[meaning, word] = value[:_LONGEST_VALUE]
        place += 1
    return tuple((*key, value) for key, value in said.items())


def _one_of(value: str | None, allowed: Sequence[str], otherwise: str) -> str:
    return value if value is not None and value in allowed else otherwise
