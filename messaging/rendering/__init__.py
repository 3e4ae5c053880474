"""What a marketer wrote and what is known of a guest become a message: pure, and safe whatever either of them says.

Nothing is executed: a placeholder is a name that is looked up, its value is text, and only what stands in the template
can be bold, a link or a button.
"""

from messaging.rendering.blocks import Block, BlockError, read_blocks
from messaging.rendering.placeholders import NAMES, Placeholder, parse, placeholders_in
from messaging.rendering.rendered import Rendered, Text, render, unknown_in
from messaging.rendering.values import Country, Money, Value, Values

__all__ = [
    "NAMES",
    "Block",
    "BlockError",
    "Country",
    "Money",
    "Placeholder",
    "Rendered",
    "Text",
    "Value",
    "Values",
    "parse",
    "placeholders_in",
    "read_blocks",
    "render",
    "unknown_in",
]
