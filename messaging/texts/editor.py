"""The editor's state: it travels in its form, so that parts are added and moved before anything is kept."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from messaging.rendering.blocks import KINDS, LENGTHS, MAX_BLOCKS, MAX_LINK
from messaging.texts.checking import SUBJECT_MAX, Draft, Problem
from messaging.texts.labels import BLOCKS, ICONS
from messaging.texts.models import MAX_SMS, TemplateText

PARTS: Final = ("kind", "text", "link", "source")
_NAME = re.compile(r"block-(\d{1,3})-kind")
_LONG: Final = frozenset({"paragraph", "signature"})
_LINKED: Final = frozenset({"button", "image"})


@dataclass(frozen=True)
class Row:
    """One part of an e-mail in the editor."""

    place: int
    kind: str
    text: str = ""
    link: str = ""
    source: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What kind of part it is."""
        return str(BLOCKS.get(self.kind, self.kind))

    @property
    def icon(self) -> str:
        """The icon of its kind."""
        return ICONS.get(self.kind, "circle-help")

    @property
    def is_long(self) -> bool:
        """Whether its text has several lines."""
        return self.kind in _LONG

    @property
    def lines(self) -> int:
        """How high its text stands in the editor."""
        written = sum(1 + len(line) // 70 for line in self.text.split("\n"))
        return min(16, max(3 if self.kind == "signature" else 5, written + 1))

    @property
    def has_text(self) -> bool:
        """Whether there is something to write."""
        return self.kind != "divider"

    @property
    def has_link(self) -> bool:
        """Whether it may lead somewhere."""
        return self.kind in _LINKED

    @property
    def is_picture(self) -> bool:
        """Whether it is a picture, which need not lead anywhere."""
        return self.kind == "image"

    @property
    def longest(self) -> int:
        """The most characters of its text."""
        return LENGTHS.get(self.kind, 0)

    def stored(self) -> dict[str, str]:
        """As a draft takes it."""
        return {part: value for part in PARTS if (value := getattr(self, part))}


@dataclass(frozen=True)
class Editor:
    """What stands in the editor; ``seen`` is the version it started from, 0 for none."""

    subject: str = ""
    preheader: str = ""
    rows: tuple[Row, ...] = ()
    body: str = ""
    seen: int = 0
    focus: int | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    subject_max: int = SUBJECT_MAX
    link_max: int = MAX_LINK
    body_max: int = MAX_SMS

    @classmethod
    def of_text(cls, text: TemplateText | None, *, seen: int | None = None) -> "Editor":
        """A stored text, to be changed; one that is new starts with an empty paragraph."""
        if text is None:
            return cls(rows=_placed([{"kind": "paragraph"}]), seen=seen or 0)
        return cls.of_draft(
            Draft(text.subject, text.preheader, text.blocks, text.body), seen=text.version if seen is None else seen
        )

    @classmethod
    def of_draft(cls, draft: Draft, *, seen: int) -> "Editor":
        """A draft, to be changed."""
        return cls(draft.subject, draft.preheader, _placed(draft.blocks), draft.body, seen)

    @classmethod
    def of_post(cls, posted: Mapping[str, Any]) -> "Editor":
        """As it was sent; what is no part of it is passed over."""
        places = sorted({int(found[1]) for name in posted if (found := _NAME.fullmatch(name))})[: MAX_BLOCKS + 1]
        blocks = [{part: str(posted.get(f"block-{place}-{part}", "")) for part in PARTS} for place in places]
        seen = str(posted.get("seen", ""))
        return cls(
            subject=str(posted.get("subject", "")),
            preheader=str(posted.get("preheader", "")),
            rows=_placed([block for block in blocks if block["kind"] in KINDS]),
            body=str(posted.get("body", "")).replace("\r\n", "\n"),
            seen=int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 9 else 0,
        )

    @property
    def draft(self) -> Draft:
        """What would be kept."""
        return Draft(self.subject, self.preheader, tuple(row.stored() for row in self.rows), self.body)

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another part."""
        return len(self.rows) >= MAX_BLOCKS

    def changed(self, act: str) -> "Editor":
        """After a button: ``add:heading``, ``up:2``, ``down:2`` or ``remove:2``. Any other changes nothing."""
        verb, _colon, what = act.partition(":")
        if verb == "add" and what in KINDS and not self.is_full:
            return self._with([row.stored() for row in self.rows] + [{"kind": what}], focus=len(self.rows))
        if not (what.isascii() and what.isdecimal() and len(what) < 4 and int(what) < len(self.rows)):
            return self
        place, blocks = int(what), [row.stored() for row in self.rows]
        match verb:
            case "remove":
                del blocks[place]
                return self._with(blocks, focus=None)
            case "up" | "down":
                other = place + (-1 if verb == "up" else 1)
                if not 0 <= other < len(blocks):
                    return self
                blocks[place], blocks[other] = blocks[other], blocks[place]
                return self._with(blocks, focus=other)
        return self

    def told(self, problems: Sequence[Problem]) -> "Editor":
        """With what is wrong beside its place; the first problem of a place is enough."""
        by_place: dict[int | None, dict[str, str]] = {}
        for problem in problems:
            by_place.setdefault(problem.place, {}).setdefault(problem.part, problem.message)
        rows = tuple(replace(row, errors=by_place.get(row.place, {})) for row in self.rows)
        return replace(self, rows=rows, errors=by_place.get(None, {}))

    @property
    def problem_count(self) -> int:
        """How many places need another look."""
        return len(self.errors) + sum(len(row.errors) for row in self.rows)

    def _with(self, blocks: Sequence[Mapping[str, Any]], *, focus: int | None) -> "Editor":
        return replace(self, rows=_placed(blocks), focus=focus)


def kinds_offered() -> Iterator[tuple[str, str, str]]:
    """The parts that can be added: kind, label and icon."""
    return ((kind, str(BLOCKS[kind]), ICONS[kind]) for kind in KINDS)


def _placed(blocks: Sequence[Mapping[str, Any]]) -> tuple[Row, ...]:
    rows = []
    for place, block in enumerate(blocks):
        kind, text, link, source = (str(block.get(part, "")) for part in PARTS)
        rows.append(Row(place, kind, text, link, source))
    return tuple(rows)
