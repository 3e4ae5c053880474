"""Tags and filters every page uses: ``{% load ui %}``. Formats follow the active language and time zone."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms, template
from django.contrib.messages.storage.base import Message
from django.http import QueryDict
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from accounts import formats

register = template.Library()

# Keyset cursors point into one ordering of one result: a link that changes either must not keep them.
CURSORS = ("after", "before")
ICON_SIZES = {12: " s12", 14: " s14", 16: " s16", 18: "", 24: " s24"}
TONES = {"debug": "info", "info": "info", "success": "ok", "warning": "warn", "error": "bad"}
_WIDGETS: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxInput, "checkbox"),
    (forms.CheckboxSelectMultiple, "choices"),
    (forms.RadioSelect, "radios"),
    (forms.SelectMultiple, "multiple"),
    (forms.Select, "select"),
    (forms.Textarea, "textarea"),
)
TONE_ICONS = {"info": "info", "ok": "circle-check", "warn": "triangle-alert", "bad": "octagon-alert", "vip": "star"}


def _locale() -> Any:
    return formats.locale_for(get_language())


def _date(value: object) -> dt.date | None:
    """The local calendar day of a date, a moment or an ISO text; None when there is none."""
    if isinstance(value, dt.datetime):
        return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    if isinstance(value, dt.date):
        return value
    return parse_date(value) if isinstance(value, str) and value else None


def _local(value: object) -> dt.datetime | None:
    if not isinstance(value, dt.datetime):
        return None
    return timezone.localtime(value) if timezone.is_aware(value) else value


@register.simple_tag
def icon(name: str, size: int = 18, label: str = "", tone: str = "") -> SafeString:
    """An icon of the sprite, ``size`` 12, 14, 16, 18 or 24 px. Decoration unless it has a ``label``."""
    classes = f"icon{ICON_SIZES[int(size)]}" + (f" tone {tone}" if tone else "")
    href = f"{static('icons.svg')}#{name}"
    if label:
        return format_html('<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>', classes, label, href)
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"/></svg>', classes, href)


@register.filter
def money(value: object, currency: str = "EUR") -> str:
    """``{{ amount|money:"NOK" }}``: 128 400 kr; whole amounts without decimals."""
    return formats.money(value, currency, _locale())


@register.filter
def money_exact(value: object, currency: str = "EUR") -> str:
    """``{{ amount|money_exact:"NOK" }}``: 128 400,00 kr."""
    return formats.money(value, currency, _locale(), exact=True)


@register.filter
def count(value: object) -> str:
    """``{{ number|count }}``: 1 240."""
    return formats.count(value, _locale())


@register.filter
def compact(value: object) -> str:
    """``{{ number|compact }}``: 12,4k, for axes and tight places."""
    return formats.compact(value, _locale())


@register.filter
def percent(value: object) -> str:
    """``{{ 92|percent }}``: 92 %."""
    return formats.percent(value, _locale())


@register.filter
def day(value: object) -> str:
    """3 Oct 2026."""
    date = _date(value)
    return formats.day(date, _locale()) if date else ""


@register.filter
def day_short(value: object) -> str:
    """3 Oct."""
    date = _date(value)
    return formats.day(date, _locale(), width="short") if date else ""


@register.filter
def day_long(value: object) -> str:
    """Saturday 3 October 2026."""
    date = _date(value)
    return formats.day(date, _locale(), width="long") if date else ""


@register.filter
def month(value: object) -> str:
    """October 2026."""
    date = _date(value)
    return formats.day(date, _locale(), width="month") if date else ""


@register.filter
def moment(value: object) -> str:
    """3 Oct 2026, 14:05."""
    local = _local(value)
    return formats.moment(local, _locale()) if local else ""


@register.filter
def clock(value: object) -> str:
    """14:05."""
    local = value if isinstance(value, dt.time) else _local(value)
    return formats.clock(local, _locale()) if local is not None else ""


@register.filter
def ago(value: object) -> SafeString | str:
    """ "3 days ago" as a ``<time>`` whose title is the moment itself."""
    local = _local(value)
    if local is None:
        return ""
    local = local if timezone.is_aware(local) else timezone.make_aware(local)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        formats.moment(local, _locale()),
        formats.ago(local, timezone.localtime(), _locale()),
    )


@register.filter
def period(start: object, end: object) -> str:
    """``{{ arrival|period:departure }}``: 21–24 Nov 2026."""
    first, last = _date(start), _date(end)
    if first and last:
        return formats.period(first, last, _locale())
    return formats.day(first or last, _locale()) if first or last else ""  # type: ignore[arg-type]


@register.filter
def phone(value: str | None) -> str:
    """+47 912 34 567."""
    return formats.phone(str(value)) if value else ""


@register.simple_tag
def phone_link(value: str | None) -> SafeString | str:
    """The number as a ``tel:`` link that never breaks over two lines."""
    if not value:
        return ""
    dialled = "".join(sign for sign in str(value) if sign.isdigit() or sign == "+")
    return format_html('<a class="num nowrap" href="tel:{}">{}</a>', dialled, formats.phone(str(value)))


@register.filter
def breakable(value: str | None) -> SafeString | str:
    """An address that may break after ``@`` and dots, and nowhere else."""
    if not value:
        return ""
    escaped = str(conditional_escape(value)).replace("@", "@\u200b").replace(".", ".\u200b")
    return mark_safe(escaped.replace("\u200b", "<wbr>"))  # noqa: S308 - escaped above


@register.simple_tag
def email_link(value: str | None) -> SafeString | str:
    """The address as a ``mailto:`` link, breakable."""
    return format_html('<a href="mailto:{}">{}</a>', value, breakable(value)) if value else ""


@register.filter
def initials(name: str | None) -> str:
    """Letters for an avatar: IS."""
    return formats.initials(str(name or ""))


@register.filter
def autonym(code: str) -> str:
    """A language's name in itself: norsk bokmål."""
    return formats.language_name(str(code), None) if code else ""


@register.filter
def language(code: str) -> str:
    """A language's name in the reader's language."""
    return formats.language_name(str(code), _locale()) if code else ""


@register.filter
def country(code: str) -> str:
    """A country's name in the reader's language."""
    return formats.country_name(str(code), _locale()) if code else ""


def _query(context: Context) -> QueryDict:
    request = context.get("request")
    query: QueryDict = request.GET.copy() if request is not None else QueryDict(mutable=True)
    for cursor in CURSORS:
        query.pop(cursor, None)
    return query


def _relative(query: QueryDict) -> str:
    return f"?{query.urlencode()}" if query else "?"


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: object) -> str:
    """This page's query string with ``changes``: ``None`` removes, a list sets several. Drops the page's cursor."""
    result = _query(context)
    for name, value in changes.items():
        if value is None or value == "":
            result.pop(name, None)
        elif isinstance(value, list | tuple | set):
            result.setlist(name, [str(one) for one in value])
        else:
            result[name] = str(value)
    return _relative(result)


@register.filter
def tone(message: Message) -> str:
    """A message's level as a tone: ok, info, warn, bad."""
    return TONES.get(message.level_tag, "info")


@register.filter
def tone_icon(tone_name: str) -> str:
    """The icon that goes with a tone, so that colour never speaks alone."""
    return TONE_ICONS.get(str(tone_name), "info")


@register.filter
def undo_url(message: Message) -> str:
    """Where Undo posts to, from ``extra_tags="undo=/b/…"``; only a path of this site."""
    for tag in (message.extra_tags or "").split():
        if tag.startswith("undo=/") and not tag.startswith("undo=//"):
            return tag.removeprefix("undo=")
    return ""


@register.filter
def is_current(value: object, other: object) -> bool:
    """Whether two values read the same, so that "3" from a URL equals 3."""
    return value is not None and str(value) == str(other)


@register.simple_tag
def control_state(
    control: str, hint: object = "", error: object = "", required: object = False, disabled: object = False
) -> SafeString:
    """The attributes of a control that follow from its state, hint and error; their texts have the ids used here."""
    described = [f"{control}_{part}" for part, text in (("helptext", hint), ("error", error)) if text]
    flags = [
        name for name, on in (("required", required), ("disabled", disabled), ('aria-invalid="true"', error)) if on
    ]
    attributes = mark_safe("".join(f" {flag}" for flag in flags))  # noqa: S308 - written out above
    if not described:
        return attributes
    return format_html('{} aria-describedby="{}"', attributes, " ".join(described))


@register.filter
def unlocalised(value: float) -> str:
    """A number as SVG and other machines read it, whatever the language: an id to its last digit."""
    return str(value) if isinstance(value, int) else f"{value:g}"


@register.simple_tag
def held(*fields: Any) -> bool:
    """Whether any of the bound fields, or lists of them, holds a value or an error: ``{% held form.city as it %}``."""
    return any(held(*field) if isinstance(field, list) else field.errors or field.value() for field in fields)


@register.filter
def widget_kind(field: Any) -> str:
    """How a bound Django field is laid out: hidden, checkbox, radios, choices, select, multiple, textarea or a type."""
    widget = field.field.widget
    if widget.is_hidden:
        return "hidden"
    # Order matters: to Django, several checkboxes are a kind of radio buttons, and radio buttons a kind of select.
    for kind, name in _WIDGETS:
        if isinstance(widget, kind):
            return name
    return str(getattr(widget, "input_type", "input"))


class CaptureNode(template.Node):
    """Renders its content into a variable; a block inside can then be shown in two places."""

    child_nodelists = ("nodelist",)

    def __init__(self, name: str, nodelist: template.NodeList) -> None:
        self.name = name
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        context[self.name] = mark_safe(self.nodelist.render(context).strip())  # noqa: S308 - a template's own output
        return mark_safe("")


@register.tag
def capture(parser: template.base.Parser, token: template.base.Token) -> CaptureNode:
    """``{% capture page_title %}{% block title %}{% endblock %}{% endcapture %}``, then ``{{ page_title }}``."""
    _, name = token.split_contents()
    nodelist = parser.parse(("endcapture",))
    parser.delete_first_token()
    return CaptureNode(name, nodelist)
