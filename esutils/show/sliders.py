"""Sliders that work without a kernel: the page itself switches between rendered frames."""

import base64
import html
import io
import itertools
import math
import numbers
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import ipywidgets as widgets
import matplotlib.pyplot as plt
from PIL import Image

from esutils.common.checks import check_choice, check_int, check_number, check_type
from esutils.common.progress import progress

_MAX_FRAME_BYTES = 60_000
_MAX_BYTES = 1_200_000
_COLORS = 64
_DPI = 150
_LOG_FROM = 20  # a control is logarithmic if its largest value is this many times the smallest
_WIDE = {"style": {"description_width": "initial"}, "layout": {"width": "95%"}}


def explore(
    draw: Callable[..., object],
    *,
    caption: str,
    alt: Callable[..., str],
    figsize: tuple[float, float] = (6.0, 3.5),
    start: Mapping[str, Any] | None = None,
    between: Iterable[str] = (),
    **grids: Collection[Any],
) -> widgets.VBox:
    """Turn a plot function and one or two grids of values into sliders over rendered frames.

    Parameters
    ----------
    draw : callable
        ``draw(ax, **values)`` draws one frame. It is called once for every combination of values.
    caption : str
        A line under the frame that tells the reader what to look for.
    alt : callable
        ``alt(**values)`` returns the text for readers who cannot see the frame. No two frames may
        have the same text.
    figsize : tuple of float
        Width and height of a frame in inches.
    start : dict, optional
        The value at which each parameter starts, by default the first value of its grid.
    between : sequence of str
        Parameters for which ``draw`` also accepts values between those of the grid. Each of them
        gets a continuous control, which draws a new picture when the reader lets go of it; a
        button leads back to the frames. Controls need a kernel, and the static page hides them.
    **grids : sequence
        The values of each parameter, for one or two parameters.

    Returns
    -------
    ipywidgets.VBox
        The sliders, the frame and the caption. The same widget works with a kernel and in the
        static page.

    Raises
    ------
    ValueError
        If there are no grids or more than two, if a grid is empty, if ``start`` names an unknown
        grid or a value outside its grid, if ``between`` names anything but a grid of numbers, if
        the caption is empty, if ``alt`` is not a function, if a frame has no text or the text of
        another frame, or if the frames are too large for a page.

    Notes
    -----
    Chapter: 01-expand-and-sparsify.

    Examples
    --------
    >>> from esutils import sliders
    >>> def draw(ax, power):
    ...     ax.plot([x / 10 for x in range(11)], [(x / 10) ** power for x in range(11)])
    >>> box = sliders.explore(draw, caption="More bent?", alt="x^{power}".format, power=[1, 2])
    >>> box.children[0].description, len(box.children[1].children)  # the slider, the frames
    ('power', 2)
    """
    check_int("number of grids", len(grids), high=2)
    if not check_type("caption", caption, str, "a string").strip():
        raise ValueError(f"caption must say what to look for, got {caption!r}")
    check_type("draw", draw, Callable, "a function of an Axes and the values")
    if not callable(alt):
        raise ValueError(f"alt must be a function of the values, got {alt!r}")
    if len(check_type("figsize", figsize, tuple | list, "a width and a height")) != 2:
        raise ValueError(f"figsize must be a width and a height, got {figsize!r}")
    for side in figsize:
        check_number("figsize", side, 1, 20)
    for name, values in grids.items():
        if not len(check_type(f"values of {name}", values, Collection, "a sequence")):
            raise ValueError(f"values of {name} must hold at least one, got {values!r}")
    check_type("start", start or {}, Mapping, "a dict of values")
    start = {check_choice("start", name, grids): value for name, value in (start or {}).items()}
    selectors = {name: _selector(name, list(values), start) for name, values in grids.items()}
    controls = {
        check_choice("between", name, grids): _control(name, list(grids[name])) for name in between
    }

    def render(*values):
        return _render(draw, alt, figsize, dict(zip(grids, values, strict=True)))

    frames = _frames(render, list(itertools.product(*grids.values())))
    view = _stack(frames, list(selectors.values()))
    below = [widgets.HTML(f'<p class="slider-caption">{html.escape(caption)}</p>')]
    if controls:
        view, panel = _with_controls(render, view, selectors, controls)
        below.append(panel)
    return widgets.VBox([*selectors.values(), view, *below])


def _selector(name, values, start):
    begin = start.get(name, values[0])
    if begin not in values:
        raise ValueError(f"start of {name} must be one of {values}, got {begin!r}")
    return widgets.SelectionSlider(
        options=[(_label(value), value) for value in values],
        index=values.index(begin),
        description=name.replace("_", " "),
        **_WIDE,
    )


def _label(value):
    return f"{value:,}" if isinstance(value, numbers.Real) else str(value)


def _frames(render, combinations):
    """Return the image of every combination of values, as an HTML element."""
    texts: dict[str, Any] = {}
    frames, total = {}, 0
    for values in progress(combinations, len(combinations), "frames"):
        frames[values], text, n_bytes = render(*values)
        if n_bytes > _MAX_FRAME_BYTES:
            raise ValueError(
                f"draw must give frames of at most {_MAX_FRAME_BYTES} bytes, got {n_bytes} "
                f"for {values}"
            )
        if not text.strip():
            raise ValueError(f"alt must say what a frame shows, got {text!r} for {values}")
        if text in texts:
            raise ValueError(
                f"alt must tell the frames apart, got {text!r} for {texts[text]} and {values}"
            )
        texts[text] = values
        total += n_bytes
    if total > _MAX_BYTES:
        raise ValueError(f"draw must give at most {_MAX_BYTES} bytes in all, got {total}")
    return frames


def _render(draw, alt, figsize, values):
    """Return one frame as an HTML element, its text and its size in bytes."""
    figure, ax = plt.subplots(figsize=figsize)
    file = io.BytesIO()
    try:
        draw(ax, **values)
        figure.savefig(file, dpi=_DPI)
    finally:
        plt.close(figure)
    data = _packed(file)
    text = check_type("what alt returns", alt(**values), str, "a string")
    image = (
        f'<img alt="{html.escape(text)}" width="{100 * figsize[0]:.0f}" '
        f'src="data:image/webp;base64,{base64.b64encode(data).decode()}" '
        'style="max-width: 100%; height: auto">'
    )
    return image, text, len(data)


def _packed(png):
    """Return the image with few colours and no other loss."""
    image = Image.open(png).convert("RGB").quantize(_COLORS, dither=Image.Dither.NONE)
    file = io.BytesIO()
    image.save(file, "WEBP", lossless=True)
    return file.getvalue()


def _stack(frames, selectors, chosen=()):
    """Return the frame of the chosen values, or a stack of frames for the next selector."""
    if not selectors:
        return widgets.HTML(frames[chosen])
    selector, *rest = selectors
    children = [_stack(frames, rest, (*chosen, value)) for _, value in selector.options]
    stack = widgets.Stack(children, selected_index=selector.index)
    widgets.jslink((selector, "index"), (stack, "selected_index"))
    return stack


def _control(name, values):
    """Return a control for every value from the smallest of a grid to the largest."""
    if not all(isinstance(value, numbers.Real) for value in values):
        raise ValueError(f"between must name grids of numbers, got {name} with {values}")
    low, high = min(values), max(values)
    whole = all(isinstance(value, numbers.Integral) for value in values)
    shared = {
        "description": name.replace("_", " "),
        "continuous_update": False,
        "readout_format": ",.0f" if whole else ".3g",
        **_WIDE,
    }
    if low > 0 and high >= _LOG_FROM * low:
        ends = {"min": math.log10(low), "max": math.log10(high)}
        return widgets.FloatLogSlider(value=low, step=0.01, **ends, **shared)
    step = 1 if whole else (high - low) / 100
    return widgets.FloatSlider(value=low, min=low, max=high, step=step, **shared)


def _with_controls(render, frames, selectors, controls):
    """Return a view of the frames or of a new picture, and the panel that asks for pictures."""
    computed = widgets.HTML()
    view = widgets.Stack([frames, computed], selected_index=0)
    back = widgets.Button(description="back to the frames")

    def compute(_):
        framed = [selector.value for selector in selectors.values()]
        asked = [_asked(controls.get(name), selector) for name, selector in selectors.items()]
        if asked != framed:
            computed.value, *_ = render(*asked)
        view.selected_index = int(asked != framed)

    def reset(_):
        for name, control in controls.items():
            control.value = selectors[name].value

    for name, control in controls.items():
        control.value = selectors[name].value
        control.observe(compute, "value")
    for selector in selectors.values():
        selector.observe(reset, "index")
    back.on_click(reset)
    title = widgets.HTML("<p>Between the frames, drawn anew when you let go:</p>")
    panel = widgets.VBox([title, *controls.values(), back])
    panel.add_class("needs-kernel")  # book.css hides it in the static page
    return view, panel


def _asked(control, selector):
    """Return the value of a control, or of its selector if there is none; integers stay whole."""
    if control is None:
        return selector.value
    return round(control.value) if isinstance(selector.value, numbers.Integral) else control.value
