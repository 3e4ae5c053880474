"""The plain text beside the HTML: everything it says, and every address in full."""

from collections.abc import Iterator, Sequence

from messaging.rendering.blocks import Block
from messaging.rendering.filling import Filling
from messaging.rendering.inline import Emphasis, Inline, Link, Strong, read_inline, read_target
from messaging.rendering.lines import Items, paragraphs
from messaging.rendering.page import Footer
from messaging.rendering.placeholders import Placeholder, parse


def plain(blocks: Sequence[Block], *, footer: Footer | None, filling: Filling) -> str:
    """The blocks as plain text, parted by empty lines."""
    parts = [part for block in blocks for part in _block(block, filling) if part]
    if footer is not None:
        ways = [f"{label}: {link}" for label, link in footer.ways]
        parts.append("\n".join(["--", footer.why, *ways, *filter(None, [footer.sender])]))
    return "\n\n".join(parts) + ("\n" if parts else "")


def _block(block: Block, filling: Filling) -> Iterator[str]:
    match block.kind:
        case "divider":
            yield "———"
        case "button":
            link = filling.target(read_target(block.link))
            yield ":\n".join(filter(None, (filling.line(parse(block.text)), link)))
        case "image":
            link = filling.target(read_target(block.link)) if block.link else ""
            yield ": ".join(filter(None, (filling.line(parse(block.text)), link)))
        case "paragraph" | "signature" | "heading":
            for each in paragraphs(block.text):
                if isinstance(each, Items):
                    yield "\n".join(f"- {inline(read_inline(item), filling)}" for item in each.items)
                else:
                    yield inline(read_inline(each), filling)


def inline(nodes: Sequence[Inline], filling: Filling) -> str:
    """Words within a paragraph as plain text; a link is its words and its address."""
    texts: list[str] = []
    run: list[str | Placeholder] = []
    for node in nodes:
        if isinstance(node, str | Placeholder):
            run.append(node)
            continue
        texts += [filling.words(run), _marked(node, filling)]
        run = []
    return "".join([*texts, filling.words(run)]).strip()


def _marked(node: Strong | Emphasis | Link, filling: Filling) -> str:
    if not isinstance(node, Link):
        return inline(node.inner, filling)
    words, target = inline(node.inner, filling), filling.target(node.target)
    return words if not target or words == target else f"{words} ({target})"
