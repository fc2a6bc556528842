"""Sliders: one frame for each combination of values, linked so that the page can switch them."""

import base64
import io
import re

import matplotlib

matplotlib.use("Agg")

import ipywidgets as widgets
import numpy as np
import pytest
from PIL import Image

from esutils.sliders import explore


def draw(ax, height, width=1):
    ax.imshow([[height / 10 * 255]], cmap="gray", vmin=0, vmax=255)
    ax.set_axis_off()
    ax.set_position([0, 0, 1, 1])


def alt(**values):
    return " & ".join(f"{name} {value}" for name, value in values.items())


def frames(widget):
    """Return the HTML frames as a nested list, as the stacks hold them."""
    if isinstance(widget, widgets.HTML):
        return widget.value
    return [frames(child) for child in widget.children]


def brightness(value):
    data = base64.b64decode(re.search(r"base64,([^\"]*)", value)[1])
    return np.asarray(Image.open(io.BytesIO(data)).convert("L")).mean() / 255 * 10


def test_one_slider_holds_a_frame_for_each_value_with_its_own_text():
    slider, stack = explore(draw, alt=alt, figsize=(1, 1), height=[0, 5, 10]).children
    assert [round(brightness(frame)) for frame in frames(stack)] == [0, 5, 10]
    assert 'alt="height 5"' in frames(stack)[1]
    assert slider.description == "height" and slider.index == stack.selected_index == 0


def test_two_sliders_nest_and_start_where_asked():
    start = {"height": 10, "width": 2}
    box = explore(draw, alt=alt, figsize=(1, 1), start=start, height=[0, 10], width=[1, 2, 3])
    height, width, stack = box.children
    assert (height.index, width.index) == (1, 1)
    assert stack.selected_index == 1
    assert [inner.selected_index for inner in stack.children] == [1, 1]
    assert 'alt="height 0 &amp; width 3"' in frames(stack)[0][2]


def test_links_tie_every_stack_to_its_slider():
    created = []
    widgets.Widget.on_widget_constructed(created.append)
    try:
        box = explore(draw, alt=alt, figsize=(1, 1), height=[0, 10], width=[1, 2, 3])
    finally:
        widgets.Widget.on_widget_constructed(None)
    height, width, stack = box.children
    links = {(w.source[0], w.target[0]) for w in created if isinstance(w, widgets.widget_link.Link)}
    assert links == {(height, stack), *((width, inner) for inner in stack.children)}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(), "number of grids must be .* got 0"),
        (dict(a=[1], b=[1], c=[1]), "number of grids must be .* got 3"),
        (
            dict(height=[1, 2], start={"height": 3}),
            r"start of height must be one of \[1, 2\], got 3",
        ),
        (dict(height=[]), r"start of height must be one of \[\], got None"),
    ],
)
def test_refusals_name_argument_and_value(options, message):
    with pytest.raises(ValueError, match=message):
        explore(draw, alt=alt, **options)


def test_a_frame_too_heavy_for_a_page_is_refused():
    def noise(ax, seed):
        ax.imshow(np.random.default_rng(seed).random((400, 600)))

    with pytest.raises(ValueError, match="draw must give frames of at most 60000 bytes, got"):
        explore(noise, alt=alt, seed=[0])
