"""Figures and sliders lose no line, label, image or frame, and put none out of order."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from esutils import plots, sliders
from esutils.evidence.intervals import estimate
from tests.helpers.strategies import few, seeds

tenths = st.integers(-50, 50).map(lambda value: value / 10)
grids = st.lists(st.integers(0, 9), min_size=1, max_size=2, unique=True)


def some_axes(n=1):
    """Return the Axes of a figure that pyplot does not keep open."""
    return FigureCanvasAgg(Figure()).figure.subplots(1, n, squeeze=False)[0]


@few
@given(seeds, st.integers(1, 6), st.integers(2, 6))
def test_a_curve_is_the_mean_and_its_band_the_interval(seed, n_seeds, n_points):
    samples = np.random.default_rng(seed).standard_normal((n_seeds, n_points))
    (ax,) = some_axes()
    plots.curve(ax, range(n_points), samples, model="mlp")
    (line,) = ax.get_lines()
    np.testing.assert_allclose(line.get_ydata(), samples.mean(axis=0))
    assert (line.get_color(), line.get_label()) == ("#000000", plots.MODEL_LABELS["mlp"])
    assert len(ax.collections) == (n_seeds > 1)
    for band in ax.collections:
        corners = band.get_paths()[0].vertices
        for at, column in enumerate(samples.T):
            inside = corners[corners[:, 0] == at, 1]
            found = estimate(column)
            np.testing.assert_allclose([inside.min(), inside.max()], [found.low, found.high])


@few
@given(st.lists(tenths, min_size=1, max_size=6), st.floats(0.01, 0.1))
def test_labels_stand_in_the_order_of_the_ends_and_apart(ends, gap):
    (ax,) = some_axes()
    for at, end in enumerate(ends):
        ax.plot([0, 1], [0, end], label=f"line {at}")
    ax.plot([0, 1], [9, 9])  # without a label
    texts = plots.label_ends(ax, min_gap=gap).texts
    heights = [text.xy[1] for text in texts]
    order = [int(text.get_text().removeprefix("line ")) for text in texts]
    assert sorted(order) == list(range(len(ends)))
    assert np.diff([ends[at] for at in order]).min(initial=0) >= 0
    assert np.diff(heights).min(initial=gap) >= gap - 1e-9


@few
@given(st.floats(0, 3), st.sampled_from("xy"))
def test_a_fraction_is_shown_as_percent(fraction, axis):
    (ax,) = some_axes()
    shown = getattr(plots.percent_axis(ax, axis), f"{axis}axis").get_major_formatter()(fraction)
    assert shown.endswith("%") and float(shown[:-1]) == pytest.approx(100 * fraction, rel=1e-4)


@few
@given(seeds, st.integers(1, 4), st.tuples(st.integers(1, 4), st.integers(1, 4)))
def test_each_row_is_one_image(seed, n, shape):
    rows = np.random.default_rng(seed).random((n, shape[0] * shape[1]))
    axes = some_axes(n)
    for ax, row in zip(plots.images(axes, rows, shape, "abcd"[:n]), rows, strict=True):
        assert np.array_equal(ax.images[0].get_array(), row.reshape(shape))
    assert [ax.get_title() for ax in axes] == list("abcd"[:n])


@few
@given(grids, grids, st.data())
def test_a_slider_has_a_frame_for_every_combination(first, second, data):
    drawn, start = [], {"one": data.draw(st.sampled_from(first))}
    box = sliders.explore(
        lambda ax, one, two: drawn.append((one, two)),
        caption="Look.",
        alt="{one} and {two}".format,
        figsize=(1, 1),
        start=start,
        one=first,
        two=second,
    )
    assert drawn == list(product(first, second))
    selectors, stack = box.children[:2], box.children[2]
    assert [list(selector.options) for selector in selectors] == [
        [(str(value), value) for value in grid] for grid in (first, second)
    ]
    assert selectors[0].value == start["one"] == first[stack.selected_index]
    texts = [frame.value for inner in stack.children for frame in inner.children]
    for (one, two), text in zip(drawn, texts, strict=True):
        assert f'alt="{one} and {two}"' in text
