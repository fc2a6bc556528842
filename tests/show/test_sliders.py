"""Sliders: one frame for each combination of values, linked so that the page can switch them."""

import base64
import io
import re

import matplotlib

matplotlib.use("Agg")

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from esutils.show.sliders import explore


def draw(ax, height, width=1):
    ax.imshow([[height / 10 * 255]], cmap="gray", vmin=0, vmax=255)
    ax.set_axis_off()
    ax.set_position([0, 0, 1, 1])


def alt(**values):
    return " & ".join(f"{name} {value}" for name, value in values.items())


def small(**options):
    """Explore with small frames."""
    return explore(draw, **{"caption": "Look.", "alt": alt, "figsize": (1, 1)} | options)


def frames(widget):
    """Return the HTML frames as a nested list, as the stacks hold them."""
    if isinstance(widget, widgets.HTML):
        return widget.value
    return [frames(child) for child in widget.children]


def brightness(value):
    data = base64.b64decode(re.search(r"base64,([^\"]*)", value)[1])
    return np.asarray(Image.open(io.BytesIO(data)).convert("L")).mean() / 255 * 10


def test_one_slider_holds_a_frame_for_each_value_with_its_own_text():
    slider, stack, caption = small(height=[0, 5, 10]).children
    assert [round(brightness(frame)) for frame in frames(stack)] == [0, 5, 10]
    assert 'alt="height 5"' in frames(stack)[1]
    assert slider.description == "height" and slider.index == stack.selected_index == 0
    assert "Look." in caption.value


def test_two_sliders_nest_and_start_where_asked():
    start = {"height": 10, "width": 2}
    height, width, stack, _ = small(start=start, height=[0, 10], width=[1, 2, 3]).children
    assert (height.index, width.index) == (1, 1)
    assert stack.selected_index == 1
    assert [inner.selected_index for inner in stack.children] == [1, 1]
    assert 'alt="height 0 &amp; width 3"' in frames(stack)[0][2]


def test_links_tie_every_stack_to_its_slider():
    created = []
    widgets.Widget.on_widget_constructed(created.append)
    try:
        box = small(height=[0, 10], width=[1, 2, 3])
    finally:
        widgets.Widget.on_widget_constructed(None)
    height, width, stack, _ = box.children
    links = {(w.source[0], w.target[0]) for w in created if isinstance(w, widgets.widget_link.Link)}
    assert links == {(height, stack), *((width, inner) for inner in stack.children)}


def test_values_are_shown_with_thousands_separators():
    slider, *_ = small(height=[0, 5], width=[1000, 20_000]).children[1:]
    assert list(slider._options_labels) == ["1,000", "20,000"]


@pytest.fixture
def live():
    """Return a slider with controls between its frames, part by part."""
    box = small(height=[0, 5, 10], width=[1, 2], between=["height"])
    height, width, view, _, panel = box.children
    _, control, back = panel.children
    return {"height": height, "width": width, "view": view, "control": control, "back": back}


def test_a_value_between_the_frames_is_drawn(live):
    assert live["view"].selected_index == 0
    live["width"].index = 1
    live["control"].value = 7.2
    computed = live["view"].children[1]
    assert live["view"].selected_index == 1
    assert 'alt="height 7 &amp; width 2"' in computed.value  # whole numbers stay whole
    assert round(brightness(computed.value)) == 7


@pytest.mark.parametrize(
    "leave",
    [
        lambda parts: parts["back"].click(),
        lambda parts: setattr(parts["height"], "index", 2),
        lambda parts: setattr(parts["width"], "index", 1),
    ],
    ids=["button", "its slider", "the other slider"],
)
def test_the_frames_come_back(live, leave):
    live["control"].value = 7
    leave(live)
    assert live["view"].selected_index == 0
    assert live["control"].value == live["height"].value


def test_controls_wait_for_the_reader_to_let_go_and_the_static_page_can_hide_them(live):
    assert not live["control"].continuous_update
    panel = small(height=[0, 10], between=["height"]).children[-1]
    assert "needs-kernel" in panel._dom_classes


@pytest.mark.parametrize(
    ("values", "kind"),
    [([2, 4000], widgets.FloatLogSlider), ([0, 4000], widgets.FloatSlider)],
)
def test_a_wide_grid_of_positive_numbers_gets_a_logarithmic_control(values, kind):
    box = small(height=values, between=["height"])
    control = box.children[-1].children[1]
    assert isinstance(control, kind)
    for end in values:
        control.value = end
        assert round(control.value) == end


def test_a_failing_plot_function_leaves_no_figure_open():
    def fail(ax, height):
        raise RuntimeError("cannot draw")

    before = plt.get_fignums()
    with pytest.raises(RuntimeError, match="cannot draw"):
        explore(fail, caption="Look.", alt=alt, height=[0])
    assert plt.get_fignums() == before
