"""Blocks as they are stored, and what is refused."""

from typing import Any

import pytest

from messaging.rendering import Block, BlockError, read_blocks
from messaging.rendering.blocks import MAX_BLOCKS, check_blocks

WRONG: list[tuple[str, Any, str]] = [
    ("no list", {"kind": "heading"}, "not_a_list 0"),
    ("no object", ["heading"], "unknown 0"),
    ("no such kind", [{"kind": "script", "text": "x"}], "unknown 0"),
    ("a kind that cannot be", [{"kind": ["heading"], "text": "x"}], "unknown 0"),
    ("a part that is not known", [{"kind": "heading", "text": "x", "style": "x"}], "unknown 0"),
    ("a text that is none", [{"kind": "heading", "text": 5}], "unknown 0"),
    ("a button that leads nowhere", [{"kind": "button", "text": "Go"}], "empty 0 link"),
    ("a button without words", [{"kind": "button", "link": "https://a.no"}], "empty 0 text"),
    ("a script for a link", [{"kind": "button", "text": "Go", "link": "javascript:alert(1)"}], "link 0 link"),
    ("data for a link", [{"kind": "button", "text": "Go", "link": "data:text/html,x"}], "link 0 link"),
    ("a name for a link", [{"kind": "button", "text": "Go", "link": "{guest.name}"}], "link 0 link"),
    ("a script within a text", [{"kind": "paragraph", "text": "[x](javascript:alert)"}], "link 0 text"),
    ("a picture of http", [{"kind": "image", "source": "http://a.no/a.png"}], "source 0 source"),
    ("a heading as long as a letter", [{"kind": "heading", "text": "x" * 201}], "too_long 0 text"),
    ("too many", [{"kind": "divider"}] * (MAX_BLOCKS + 1), f"too_many {MAX_BLOCKS}"),
]


@pytest.mark.parametrize(("stored", "told"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_what_is_refused(stored: Any, told: str) -> None:
    with pytest.raises(BlockError) as refused:
        read_blocks(stored)
    assert str(refused.value) == told


def test_blocks_are_trimmed_and_empty_ones_left_out() -> None:
    stored = [
        {"kind": "heading", "text": "  Hi "},
        {"kind": "paragraph", "text": "  "},
        {"kind": "divider"},
        {"kind": "paragraph", "text": "a\r\nb"},
    ]
    assert read_blocks(stored) == (Block("heading", "Hi"), Block("divider"), Block("paragraph", "a\nb"))
    assert read_blocks([block.as_json() for block in read_blocks(stored)]) == read_blocks(stored)


def test_every_problem_is_told_with_its_place() -> None:
    blocks, errors = check_blocks([{"kind": "heading", "text": "x"}, {"kind": "button"}, {"kind": "nothing"}])
    assert [block.kind for block in blocks] == ["heading"]
    assert [str(error) for error in errors] == ["unknown 2"]


@pytest.mark.parametrize(
    "link", ["https://a.no", "www.a.no/x?y=1", "a.no", "post@a.no", "mailto:a@b.no", "tel:+4722", "{preferences_link}"]
)
def test_where_a_button_may_lead(link: str) -> None:
    assert read_blocks([{"kind": "button", "text": "Go", "link": link}])[0].link == link
