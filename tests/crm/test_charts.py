"""The geometry of charts."""

import re

import pytest
from django.template import Context, Template
from django.utils import translation
from django_cotton.compiler_regex import CottonCompiler
from hypothesis import given
from hypothesis import strategies as st

from crm.templatetags.charts import HEIGHT, WIDTH, Point, bars, ceiling, lines


@pytest.mark.parametrize(
    ("highest", "end"),
    [(0, 4), (3, 4), (4, 4), (5, 8), (9, 10), (10, 10), (11, 20), (97, 100), (610_000, 800_000), (0.3, 0.4), (-5, 4)],
)
def test_ceiling(highest: float, end: float) -> None:
    assert ceiling(highest) == pytest.approx(end)


@given(st.floats(min_value=1e-6, max_value=1e12))
def test_ceiling_holds_the_highest_and_wastes_little(highest: float) -> None:
    end = ceiling(highest)
    assert highest <= end * (1 + 1e-6)
    assert end <= highest * 2.6 + 1e-9


@given(st.lists(st.floats(min_value=-10, max_value=1e9), max_size=40))
def test_bars_stay_in_the_plot(values: list[float]) -> None:
    chart = bars([Point(str(index), value) for index, value in enumerate(values)], title="t", column="c")
    for bar in chart.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH + 0.2
        assert 0 <= bar.y <= HEIGHT
        assert bar.y + bar.height == pytest.approx(HEIGHT, abs=0.2)
    assert len(chart.rows) == len(values)
    assert sum(bar.strong for bar in chart.bars) == min(1, len(values))


def test_bars_are_as_high_as_their_values() -> None:
    chart = bars([Point("a", 50), Point("b", 100)], title="t", column="c", top=100, strong=None)
    assert [bar.height for bar in chart.bars] == [500, 1000]
    assert not any(bar.strong for bar in chart.bars)


def test_lines_join_the_middles_of_their_slots() -> None:
    chart = lines(["a", "b"], [("x", [0, 50])], title="t", top=100)
    assert chart.lines[0].path == "M250.0 1000.0 L750.0 500.0"
    assert chart.rows == [("a", ["0"]), ("b", ["50"])]


def test_series_as_long_as_the_labels() -> None:
    with pytest.raises(ValueError, match="x has 1 values for 2 labels"):
        lines(["a", "b"], [("x", [1])], title="t")


@pytest.mark.parametrize("language", ["en", "nb"])
def test_drawing_is_free_of_the_readers_commas(language: str) -> None:
    source = (
        '{% load charts %}{% bar_chart points title="T" column="C" unit="NOK" as chart %}<c-chart :chart="chart" />'
        '{% line_chart labels series title="L" as chart %}<c-chart :chart="chart" id="b" />'
    )
    with translation.override(language):
        drawn = Template(CottonCompiler().process(source)).render(
            Context(
                {
                    "points": [{"label": str(index), "value": index / 3, "url": "?a=1&b=2"} for index in range(7)],
                    "labels": ["a", "b", "c"],
                    "series": [("x", [1.5, 2.25, 3]), ("<b>", [1, 2, 3])],
                }
            )
        )
    assert not re.search(r'(?:\s(?:x|y|width|height|d)=")[^"]*,', drawn)
    assert "style=" not in drawn
    assert "<b>" not in drawn
    assert 'href="?a=1&amp;b=2"' in drawn
