"""The words of a message's template, edited beside its step: the texts of its parts, in one language."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from accounts.models import Business, Member
from messaging.texts.editor import Editor, Row
from messaging.texts.models import MAX_SMS, Template
from messaging.texts.selectors import chosen, texts_of
from messaging.texts.services import text_save

HEAD: Final = "words-"


@dataclass(frozen=True)
class Words:
    """What may be written, and ``seen``, the version it began from. Of an e-mail its subject and the texts of its
    parts, of an SMS its ``body``."""

    template: Template
    language: str
    editor: Editor
    body_max: int = MAX_SMS

    @property
    def rows(self) -> list[Row]:
        """The parts that hold words."""
        return [row for row in self.editor.rows if row.has_text]

    def posted(self, posted: Mapping[str, Any]) -> "Words":
        """With what a form holds; a part that it does not name stays."""
        if f"{HEAD}seen" not in posted or posted.get(f"{HEAD}of") != str(self.template.pk):
            return self
        given = {name.removeprefix(HEAD): str(value) for name, value in posted.items() if name.startswith(HEAD)}
        rows = tuple(replace(row, text=given.get(str(row.place), row.text)) for row in self.editor.rows)
        seen = given["seen"]
        editor = replace(
            self.editor,
            subject=given.get("subject", self.editor.subject),
            body=given.get("body", self.editor.body).replace("\r\n", "\n"),
            rows=rows,
            seen=int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 9 else 0,
        )
        return replace(self, editor=editor)


def words_of(*, template: Template, business: Business) -> Words | None:
    """The words of a template in the business's language, or in the one its guests would get; ``None``: it has none."""
    text = chosen(texts_of(template_ids=[template.pk])[template.pk], (business.language,))
    return None if text is None else Words(template, text.language, Editor.of_text(text))


def words_save(*, words: Words, member: Member | None) -> None:
    """Keep them as the next version of the text.

    Raises :class:`~messaging.texts.checking.TextRefused` and :class:`~messaging.texts.services.TextChanged`.
    """
    text_save(
        template_id=words.template.pk,
        language=words.language,
        draft=words.editor.draft,
        seen=words.editor.seen,
        member=member,
    )
