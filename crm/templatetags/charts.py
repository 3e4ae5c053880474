"""Geometry of the server-rendered charts. Shapes go into an SVG that stretches, all text stands beside it in HTML,
so that a chart fits any width and any text size, and needs neither script nor ``style=``. Views hand over plain data;
``{% load charts %}`` and ``{% bar_chart %}`` or ``{% line_chart %}`` turn it into what ``<c-chart>`` draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import template

from crm.templatetags import ui

register = template.Library()

WIDTH = 1000
HEIGHT = 1000
"""The drawing's own units; ``preserveAspectRatio="none"`` stretches them over the plot."""

TICKS = 4


@dataclass(frozen=True)
class Point:
    """One value of one series; ``url`` opens the list behind it."""

    label: str
    value: float
    url: str = ""


@dataclass(frozen=True)
class Bar:
    """One bar in drawing units, with what it says."""

    x: float
    y: float
    width: float
    height: float
    slot_x: float
    slot_width: float
    label: str
    text: str
    url: str
    strong: bool


@dataclass(frozen=True)
class Line:
    """One series as an SVG path and the points on it."""

    name: str
    path: str
    dots: list[tuple[float, float, str]]
    second: bool


@dataclass(frozen=True)
class Chart:
    """All that ``<c-chart>`` draws: shapes, the axis' texts, and the same figures as a table."""

    title: str
    summary: str
    bars: list[Bar]
    lines: list[Line]
    grid: list[float]
    ticks: list[str]
    labels: list[str]
    columns: list[str]
    rows: list[tuple[str, list[str]]]


def ceiling(highest: float, ticks: int = TICKS) -> float:
    """The least "round" axis end (1, 2, 2.5, 5 × 10ⁿ per tick) not below ``highest``; ``ticks`` when nothing is."""
    if highest <= 0:
        return float(ticks)
    step = highest / ticks
    magnitude = 10 ** math.floor(math.log10(step))
    for factor in (1, 2, 2.5, 5, 10):
        if step <= factor * magnitude * (1 + 1e-9):
            return factor * magnitude * ticks
    return 10 * magnitude * ticks


def _axis(highest: float, tick: Callable[[float], str], top: float | None) -> tuple[float, list[float], list[str]]:
    """Axis end, grid lines (drawing units from the top) and their texts, from the top down."""
    end = top or ceiling(highest)
    lines = [round(HEIGHT * index / TICKS, 1) for index in range(TICKS + 1)]
    texts = [tick(end * (TICKS - index) / TICKS) for index in range(TICKS + 1)]
    return end, lines, texts


def _plain(value: float) -> str:
    return f"{value:g}"


def bars(
    points: Sequence[Point],
    *,
    title: str,
    column: str,
    summary: str = "",
    show: Callable[[float], str] = _plain,
    tick: Callable[[float], str] = _plain,
    top: float | None = None,
    strong: int | None = -1,
) -> Chart:
    """A bar per point.

    :param column: what the values are; the head of the table's column.
    :param show: writes a value as the reader sees it (a filter of ``ui``); ``tick`` the same for the axis, shorter.
    :param top: where the axis ends, when it is known (100 for percent).
    :param strong: index of the bar to stress (the current month), or None.
    """
    end, grid, ticks = _axis(max((point.value for point in points), default=0), tick, top)
    slot = WIDTH / max(len(points), 1)
    stressed = None if strong is None or not points else strong % len(points)
    drawn = []
    for index, point in enumerate(points):
        height = min(max(point.value, 0) / end, 1) * HEIGHT
        drawn.append(
            Bar(
                x=round(slot * (index + 0.2), 1),
                y=round(HEIGHT - height, 1),
                width=round(slot * 0.6, 1),
                height=round(height, 1),
                slot_x=round(slot * index, 1),
                slot_width=round(slot, 1),
                label=point.label,
                text=show(point.value),
                url=point.url,
                strong=index == stressed,
            )
        )
    return Chart(
        title=title,
        summary=summary,
        bars=drawn,
        lines=[],
        grid=grid,
        ticks=ticks,
        labels=[point.label for point in points],
        columns=[column],
        rows=[(point.label, [show(point.value)]) for point in points],
    )


def lines(
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[float]]],
    *,
    title: str,
    summary: str = "",
    show: Callable[[float], str] = _plain,
    tick: Callable[[float], str] = _plain,
    top: float | None = None,
) -> Chart:
    """One or two series over the same labels; the second is drawn quieter. Every series is as long as ``labels``."""
    for name, values in series:
        if len(values) != len(labels):
            raise ValueError(f"{name} has {len(values)} values for {len(labels)} labels.")
    end, grid, ticks = _axis(max((value for _, values in series for value in values), default=0), tick, top)
    slot = WIDTH / max(len(labels), 1)
    drawn = []
    for order, (name, values) in enumerate(series):
        dots = [
            (round(slot * (index + 0.5), 1), round(HEIGHT - min(max(value, 0) / end, 1) * HEIGHT, 1), show(value))
            for index, value in enumerate(values)
        ]
        path = " ".join(f"{'M' if index == 0 else 'L'}{x} {y}" for index, (x, y, _) in enumerate(dots))
        drawn.append(Line(name=name, path=path, dots=dots, second=order > 0))
    return Chart(
        title=title,
        summary=summary,
        bars=[],
        lines=drawn,
        grid=grid,
        ticks=ticks,
        labels=list(labels),
        columns=[name for name, _ in series],
        rows=[(label, [show(values[index]) for _, values in series]) for index, label in enumerate(labels)],
    )


def _writer(unit: str) -> Callable[[float], str]:
    """How a value is written: ``count``, ``percent``, or a currency's code."""
    if unit == "percent":
        return ui.percent
    return ui.count if unit == "count" else lambda value: ui.money(value, unit)


def _ticker(unit: str) -> Callable[[float], str]:
    """How the axis writes a value: short, and without the currency that title and figures name."""
    return ui.percent if unit == "percent" else ui.compact


@register.simple_tag
def bar_chart(
    points: Iterable[Mapping[str, Any]],
    title: str = "",
    column: str = "",
    summary: str = "",
    unit: str = "count",
    top: float | None = None,
    strong: int | None = -1,
) -> Chart:
    """``{% bar_chart points title=… column=… unit="NOK" as chart %}``; points are ``{"label", "value"[, "url"]}``."""
    given = [Point(str(one["label"]), float(one["value"]), str(one.get("url", ""))) for one in points]
    return bars(
        given,
        title=title,
        column=column,
        summary=summary,
        show=_writer(unit),
        tick=_ticker(unit),
        top=top,
        strong=strong,
    )


@register.simple_tag
def line_chart(
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[float]]],
    title: str = "",
    summary: str = "",
    unit: str = "count",
    top: float | None = None,
) -> Chart:
    """``{% line_chart labels series title=… unit="percent" top=100 as chart %}``; series are ``(name, values)``."""
    return lines(labels, series, title=title, summary=summary, show=_writer(unit), tick=_ticker(unit), top=top)
