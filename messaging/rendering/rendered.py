"""A template's text with a guest's values becomes what is sent: subject, HTML and plain text, or an SMS."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from messaging.rendering.blocks import Block
from messaging.rendering.filling import Filling
from messaging.rendering.page import Footer, page
from messaging.rendering.placeholders import Placeholder, is_known, parse, placeholders_in
from messaging.rendering.plain import plain
from messaging.rendering.values import Values
from messaging.rendering.words import words_in


@dataclass(frozen=True)
class Text:
    """What a template says in one language, or what somebody wrote for one guest.

    ``purpose`` decides what stands below it: a newsletter and an offer always carry the way out. An SMS says ``body``,
    or its blocks as plain text.
    """

    channel: str
    purpose: str = "stay"
    subject: str = ""
    preheader: str = ""
    blocks: tuple[Block, ...] = ()
    body: str = ""

    @property
    def is_marketing(self) -> bool:
        """Whether it always carries the way out."""
        return self.purpose in ("newsletter", "offer")


class Rendered(NamedTuple):
    """A message as it is sent; an SMS has ``text`` alone. ``missing`` names the placeholders without a value."""

    subject: str
    html: str
    text: str
    missing: tuple[str, ...]


def render(
    text: Text,
    values: Values,
    *,
    language: str,
    tracked: Callable[[str], str] | None = None,
    pixel: str = "",
) -> Rendered:
    """Fill a text with one guest's values.

    ``language`` is the one the text is written in: dates, amounts and the footer follow it. ``tracked`` turns each web
    address the business wrote into one that counts clicks; ``pixel`` is the address of a picture that counts opens.
    Both are for guests who have consented to it. A marketing text takes the way out from ``values``
    (``unsubscribe_link``, ``preferences_link``) and names it as missing where it is not there; of an e-mail the
    business's postal address likewise.
    """
    if text.channel == "sms":
        return _sms(text, values, language)
    words = Filling(values, language, tracked=tracked)
    subject = words.line(parse(text.subject))
    preheader = words.line(parse(text.preheader))
    footer = _footer(text, words)
    html = page(
        text.blocks,
        subject=subject,
        preheader=preheader,
        business=words.line((Placeholder("business.name", ""),)),
        footer=footer,
        filling=words,
        pixel=pixel,
    )
    # The plain text leads where the business said: its reader sees the address itself.
    bare = Filling(values, language)
    return Rendered(subject, html, plain(text.blocks, footer=footer, filling=bare), words.missing)


def unknown_in(text: Text, own: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The placeholders that there are not: neither built in nor of the business's own fields (``guest.own.wine``)."""
    used = dict.fromkeys(place.name for place in chain.from_iterable(placeholders_in(each) for each in _texts(text)))
    return tuple(name for name in used if not (is_known(name) and (not _is_own(name) or name in own)))


def used_in(text: Text) -> frozenset[str]:
    """Every placeholder that a message is filled with: those of the text, and those of the frame it stands in."""
    frame = {"business.name"} if text.channel == "email" else set[str]()
    if text.channel == "email" and text.is_marketing:
        frame |= {"business.address"}
    links = {"unsubscribe_link", "preferences_link"} if text.is_marketing else set[str]()
    return frozenset(place.name for each in _texts(text) for place in placeholders_in(each)) | frame | links


def _is_own(name: str) -> bool:
    return ".own." in name


def _texts(text: Text) -> Iterator[str]:
    yield from (text.subject, text.preheader, text.body)
    for block in text.blocks:
        yield from (block.text, block.link, block.source)


def _sms(text: Text, values: Values, language: str) -> Rendered:
    words = Filling(values, language, is_sms=True)
    body = words.words(parse(text.body)) if text.body else plain(text.blocks, footer=None, filling=words)
    body = body.replace("\r\n", "\n").strip()
    if text.is_marketing and not any(place.name == "unsubscribe_link" for place in placeholders_in(text.body)):
        way_out = words.target((Placeholder("unsubscribe_link"),))
        body = f"{body}\n{words_in(language).stop} {way_out}".rstrip()
    return Rendered("", "", body, words.missing)


def _footer(text: Text, words: Filling) -> Footer | None:
    if not text.is_marketing:
        return None
    said = words_in(words.language)
    why = said.newsletter if text.purpose == "newsletter" else said.offer
    business = words.line((Placeholder("business.name", ""),))
    ways = (
        (said.unsubscribe, words.target((Placeholder("unsubscribe_link"),))),
        (said.preferences, words.target((Placeholder("preferences_link"),))),
    )
    sender = ", ".join(filter(None, (business, words.line((Placeholder("business.address"),)))))
    return Footer(why.replace("{business}", business), tuple((label, link) for label, link in ways if link), sender)
