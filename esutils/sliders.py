"""Sliders that move without a kernel: pre-rendered frames, switched by the page itself."""

import base64
import html
import io

import ipywidgets as widgets
import matplotlib.pyplot as plt
from PIL import Image

from esutils._checks import check_int

_MAX_FRAME_BYTES = 60_000
_COLORS = 64


def explore(draw, *, alt, figsize=(6.0, 3.5), start=None, **grids):
    """Turn a plot function and one or two grids of values into sliders over rendered frames.

    Parameters
    ----------
    draw : callable
        ``draw(ax, **values)`` draws one frame; it is called once for every combination of values.
    alt : callable
        ``alt(**values)`` returns the text that stands for the frame where it cannot be seen.
    figsize : tuple of float
        Size of a frame in inches.
    start : dict, optional
        The value of each parameter to begin with; the first of its grid by default.
    **grids : sequence
        The values of each parameter, one or two parameters.

    Returns
    -------
    ipywidgets.VBox
        The sliders above the frame. The same widget works live and in the static page.

    Raises
    ------
    ValueError
        If there are no grids or more than two, a start value is not in its grid, or a frame is too
        heavy for a page.

    Notes
    -----
    Chapter: 01-expand-and-sparsify.
    """
    check_int("number of grids", len(grids), high=2)
    grids = {name: list(values) for name, values in grids.items()}
    begin = {name: _start_index(name, values, start or {}) for name, values in grids.items()}
    sliders = {
        name: widgets.SelectionSlider(
            options=[(str(value), i) for i, value in enumerate(values)],
            index=begin[name],
            description=name.replace("_", " "),
            style={"description_width": "initial"},
            layout={"width": "95%"},
        )
        for name, values in grids.items()
    }
    frames = _stack(draw, alt, figsize, grids, sliders, {})
    return widgets.VBox([*sliders.values(), frames])


def _start_index(name, values, start):
    value = start.get(name, values[0] if values else None)
    if value not in values:
        raise ValueError(f"start of {name} must be one of {values}, got {value!r}")
    return values.index(value)


def _stack(draw, alt, figsize, grids, sliders, chosen):
    """Return the frame for the chosen values, or a stack of frames over the next parameter."""
    if len(chosen) == len(grids):
        return _frame(draw, alt, figsize, chosen)
    name = list(grids)[len(chosen)]
    children = [
        _stack(draw, alt, figsize, grids, sliders, {**chosen, name: value}) for value in grids[name]
    ]
    stack = widgets.Stack(children, selected_index=sliders[name].index)
    widgets.jslink((sliders[name], "index"), (stack, "selected_index"))
    return stack


def _frame(draw, alt, figsize, values):
    figure, ax = plt.subplots(figsize=figsize)
    draw(ax, **values)
    png = io.BytesIO()
    figure.savefig(png, dpi=100)
    plt.close(figure)
    text = html.escape(alt(**values), quote=True)
    data = base64.b64encode(_palette_png(png)).decode()
    return widgets.HTML(
        f'<img alt="{text}" src="data:image/png;base64,{data}" style="max-width:100%">'
    )


def _palette_png(png):
    packed = io.BytesIO()
    image = Image.open(png).convert("RGB").quantize(_COLORS, dither=Image.Dither.NONE)
    image.save(packed, "PNG", optimize=True)
    if packed.tell() > _MAX_FRAME_BYTES:
        raise ValueError(
            f"draw must give frames of at most {_MAX_FRAME_BYTES} bytes, got {packed.tell()}"
        )
    return packed.getvalue()
