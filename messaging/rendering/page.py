"""An e-mail's HTML, for the programs people read mail with: tables for layout, styles on the elements themselves,
system fonts, no script, nothing fetched but the pictures the business chose; a dark dress where the program has one.

Every word goes through :func:`html.escape`; every address has been through :meth:`Filling.target`.
"""

from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

from messaging.rendering.blocks import Block
from messaging.rendering.filling import Filling
from messaging.rendering.inline import Emphasis, Inline, Link, Strong, read_inline, read_target
from messaging.rendering.lines import Items, paragraphs
from messaging.rendering.placeholders import Placeholder, parse
from messaging.rendering.words import RIGHT_TO_LEFT

_FONT: Final = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_TEXT: Final = f"font-family:{_FONT};font-size:16px;line-height:26px;color:#1d2321"
_SMALL: Final = f"font-family:{_FONT};font-size:13px;line-height:20px;color:#5a625e"
_LINK: Final = "color:#0b5f58;text-decoration:underline"
_DARK: Final = (
    ".p{background-color:#121514!important}.s{background-color:#191d1b!important;border-color:#2e3431!important}"
    ".t{color:#ecefed!important}.f{color:#a8b0ab!important}.a{color:#63c7bc!important}"
    ".b{background-color:#63c7bc!important}.c{color:#06211e!important}.r{border-color:#2e3431!important}"
)
_STYLE: Final = (
    "body{margin:0;padding:0;-webkit-text-size-adjust:100%}table{border-collapse:separate}img{border:0}"
    "@media (max-width:620px){.w{padding:24px 20px!important}.o{padding:16px 0!important}.s{border-radius:0!important}}"
    f"@media (prefers-color-scheme:dark){{{_DARK}}}"
)
# What keeps a mail program from filling the line below the subject with the first words of the page.
_HUSH: Final = "&#8199;&#65279;&#847; " * 40


class Footer(NamedTuple):
    """What stands below a marketing message: why the guest gets it, the ways out as ``(words, address)``, and who it is
    from with the postal address."""

    why: str
    ways: tuple[tuple[str, str], ...]
    sender: str = ""


def page(
    blocks: Sequence[Block],
    *,
    subject: str,
    preheader: str,
    business: str,
    footer: Footer | None,
    filling: Filling,
    pixel: str = "",
) -> str:
    """The whole document."""
    direction = "rtl" if filling.language.split("-")[0] in RIGHT_TO_LEFT else "ltr"
    content = "".join(_block(block, filling) for block in blocks)
    hidden = (
        '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all;font-size:1px;line-height:1px;'
        f'color:#f7f6f2">{escape(preheader)}{_HUSH}</div>'
        if preheader
        else ""
    )
    seen = f'<img src="{escape(pixel)}" width="1" height="1" alt="" style="display:block">' if pixel else ""
    return (
        f'<!doctype html><html lang="{escape(filling.language)}" dir="{direction}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
        '<meta name="format-detection" content="telephone=no,date=no,address=no,email=no,url=no">'
        f"<title>{escape(subject)}</title><style>{_STYLE}</style></head>"
        f'<body class="p" style="margin:0;padding:0;background-color:#f7f6f2">{hidden}'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" class="p" '
        'style="background-color:#f7f6f2"><tr><td class="o" align="center" style="padding:32px 12px">'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px">'
        f"{_head(business)}"
        '<tr><td class="s w" style="padding:32px 40px;background-color:#ffffff;border:1px solid #e1ded6;'
        f'border-radius:10px;{_TEXT}">{content}</td></tr>'
        f"{_foot(footer)}</table>{seen}</td></tr></table></body></html>"
    )


def _head(business: str) -> str:
    if not business:
        return ""
    return (
        f'<tr><td class="a" style="padding:0 8px 16px;font-family:{_FONT};font-size:15px;line-height:22px;'
        f'font-weight:600;color:#0b5f58" align="center">{escape(business)}</td></tr>'
    )


def _foot(footer: Footer | None) -> str:
    if footer is None:
        return ""
    ways = " &nbsp;·&nbsp; ".join(
        f'<a class="f" href="{escape(link)}" style="color:#5a625e;text-decoration:underline">{escape(words)}</a>'
        for words, link in footer.ways
    )
    sender = f'<br><span style="display:inline-block;padding-top:10px">{escape(footer.sender)}</span>'
    return (
        f'<tr><td class="f" align="center" style="padding:20px 16px 0;{_SMALL}">{escape(footer.why)}'
        f"{'<br>' if ways else ''}{ways}{sender if footer.sender else ''}</td></tr>"
    )


def _block(block: Block, filling: Filling) -> str:
    match block.kind:
        case "heading":
            words = _inline(read_inline(block.text), filling)
            return (
                f'<h1 class="t" style="margin:0 0 16px;font-family:{_FONT};font-size:24px;line-height:32px;'
                f'font-weight:600;color:#1d2321">{words}</h1>'
            )
        case "paragraph":
            return "".join(_paragraph(each, filling) for each in paragraphs(block.text))
        case "signature":
            words = _inline(read_inline(block.text), filling)
            return f'<p class="t" style="margin:24px 0 0;{_TEXT}">{words}</p>'
        case "button":
            return _button(block, filling)
        case "image":
            return _image(block, filling)
        case "divider":
            return (
                '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>'
                '<td class="r" style="padding:8px 0 0;border-bottom:1px solid #e1ded6;font-size:1px;line-height:1px">'
                '&nbsp;</td></tr><tr><td style="font-size:1px;line-height:24px">&nbsp;</td></tr></table>'
            )


def _paragraph(each: str | Items, filling: Filling) -> str:
    if isinstance(each, Items):
        items = "".join(
            f'<li class="t" style="margin:0 0 6px;{_TEXT}">{_inline(read_inline(item), filling)}</li>'
            for item in each.items
        )
        return f'<ul style="margin:0 0 16px;padding:0 0 0 22px">{items}</ul>'
    return f'<p class="t" style="margin:0 0 16px;{_TEXT}">{_inline(read_inline(each), filling)}</p>'


def _button(block: Block, filling: Filling) -> str:
    words, link = escape(filling.line(parse(block.text))), filling.target(read_target(block.link))
    if not link:
        return ""
    # The padding is the cell's and the link's: Outlook knows the one, everybody else lets one press the whole.
    return (
        '<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 24px"><tr>'
        '<td class="b" bgcolor="#0b5f58" style="border-radius:6px;background-color:#0b5f58">'
        f'<a class="c" href="{escape(link)}" style="display:inline-block;padding:12px 24px;font-family:{_FONT};'
        f'font-size:16px;line-height:22px;font-weight:600;color:#ffffff;text-decoration:none">{words}</a>'
        "</td></tr></table>"
    )


def _image(block: Block, filling: Filling) -> str:
    image = (
        f'<img src="{escape(filling.source(block.source))}" alt="{escape(filling.line(parse(block.text)))}" '
        f'width="518" style="display:block;width:100%;max-width:100%;height:auto;border-radius:6px;{_SMALL}">'
    )
    link = filling.target(read_target(block.link)) if block.link else ""
    shown = f'<a href="{escape(link)}">{image}</a>' if link else image
    return f'<div style="margin:0 0 20px">{shown}</div>'


def _inline(nodes: Sequence[Inline], filling: Filling) -> str:
    """Words within a paragraph; neighbouring words and placeholders are filled as one text."""
    texts: list[str] = []
    run: list[str | Placeholder] = []
    for node in nodes:
        if isinstance(node, str | Placeholder):
            run.append(node)
            continue
        texts += [_words(run, filling), _marked(node, filling)]
        run = []
    return "".join([*texts, _words(run, filling)])


def _words(run: Sequence[str | Placeholder], filling: Filling) -> str:
    return escape(filling.words(run)).replace("\n", "<br>")


def _marked(node: Strong | Emphasis | Link, filling: Filling) -> str:
    words = _inline(node.inner, filling)
    match node:
        case Strong():
            return f"<strong>{words}</strong>"
        case Emphasis():
            return f"<em>{words}</em>"
    link = filling.target(node.target)
    return f'<a class="a" href="{escape(link)}" style="{_LINK}">{words}</a>' if link else words
