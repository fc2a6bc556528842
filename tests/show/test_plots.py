"""Figures draw what they are given, in the model's colour, and label without overlap."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import stats

from esutils import plots


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_every_model_has_its_own_label_and_colour():
    assert set(plots.MODEL_COLORS) == set(plots.MODEL_LABELS)
    assert len(set(plots.MODEL_COLORS.values())) == len(plots.MODEL_COLORS)
    assert len(set(plots.MODEL_LABELS.values())) == len(plots.MODEL_LABELS)


def test_curve_draws_the_mean_and_students_band(ax):
    samples = np.random.default_rng(0).standard_normal((5, 3))
    assert plots.curve(ax, [1, 2, 3], samples, model="mlp") is ax
    (line,) = ax.get_lines()
    assert np.allclose(line.get_ydata(), samples.mean(axis=0))
    assert (line.get_color(), line.get_label()) == ("#000000", "trained MLP")
    low, high = stats.t.interval(0.95, 4, samples.mean(axis=0), stats.sem(samples))
    (band,) = ax.collections
    drawn = band.get_paths()[0].vertices
    assert np.isclose(drawn[:, 1].max(), high.max()) and np.isclose(drawn[:, 1].min(), low.min())


def test_a_single_seed_has_no_band(ax):
    plots.curve(ax, [1, 2], [0.5, 0.6], label="one", color="red")
    assert not ax.collections and ax.get_lines()[0].get_label() == "one"


def test_end_labels_keep_their_order_and_distance(ax):
    for i, end in enumerate([0.5, 0.5, 0.51, 0.0]):
        ax.plot([0, 1], [i, end], label=f"line {i}")
    ax.plot([0, 1], [0, 0.5], label="_unlabelled")
    plots.label_ends(ax)
    heights = {text.get_text(): text.xy[1] for text in ax.texts}
    assert list(heights) == ["line 3", "line 0", "line 1", "line 2"]
    assert np.diff(list(heights.values())).min() >= 0.055 - 1e-9


def test_percent_axis_shows_fractions_as_percent(ax):
    plots.percent_axis(ax)
    plots.percent_axis(ax, axis="x")
    assert ax.yaxis.get_major_formatter()(0.125, None) == "12.5%"
    assert ax.xaxis.get_major_formatter()(1, None) == "100%"


def test_images_are_drawn_in_their_shape():
    figure, axes = plt.subplots(1, 2)
    plots.images(axes, np.arange(12).reshape(2, 6), (2, 3), titles=["a", "b"])
    assert axes[1].get_images()[0].get_array().tolist() == [[6, 7, 8], [9, 10, 11]]
    assert axes[0].get_title() == "a"
    plt.close(figure)
