"""Figures: one style, and one colour for each model throughout the book.

All functions take one or more ``Axes`` and return them. They draw what they are given, compute
nothing but the interval of a band, and never call ``plt.show()``.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from numpy.typing import ArrayLike

from esutils.common.checks import check_array, check_choice
from esutils.common.types import Array
from esutils.evidence.intervals import Estimate, estimate

_Row = TypeVar("_Row", bound=Array | Sequence[Any])  # of Axes

# One colour per model, from Okabe and Ito's palette for colour-blind readers.
MODEL_COLORS = {
    "linear": "#999999",
    "expand_linear": "#56B4E9",
    "sparsify_only": "#CC79A7",
    "expand_dense": "#0072B2",
    "expand_sparsify": "#D55E00",
    "mlp": "#000000",
    "relu": "#E69F00",
    "nearest_neighbour": "#009E73",
}
MODEL_LABELS = {
    "linear": "linear on pixels",
    "expand_linear": "expand only",
    "sparsify_only": "sparsify only",
    "expand_dense": "expand, dense cosine",
    "expand_sparsify": "expand and sparsify",
    "mlp": "trained MLP",
    "relu": "expand, ReLU",
    "nearest_neighbour": "1-nearest-neighbour",
}


def use_style() -> None:
    """Use the book's figure style from now on; its figures stay white in dark mode.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from esutils import plots
    >>> with plt.rc_context():  # restores the old style afterwards; notebooks do not need this
    ...     plots.use_style()
    ...     plt.rcParams["figure.facecolor"]
    'white'
    """
    sns.set_theme(context="notebook", style="ticks", font_scale=0.9)
    plt.rcParams.update(
        {
            "figure.figsize": (7.0, 3.6),
            "figure.dpi": 110,
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": "medium",
            "axes.titlelocation": "left",
            "legend.frameon": False,
            "lines.linewidth": 1.8,
            "figure.constrained_layout.use": True,
        }
    )


def curve(
    ax: Axes,
    x: ArrayLike,
    samples: ArrayLike,
    model: str | None = None,
    label: str | None = None,
    color: str | None = None,
    **line: Any,
) -> Axes:
    """Draw the mean over seeds against x, with a band for its 95% interval over seeds.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.
    x : array of shape (n_points,)
        Positions of the points.
    samples : array of shape (n_seeds, n_points)
        One curve per seed. A single seed gets no band.
    model : str, optional
        A key of ``MODEL_COLORS``, which sets the colour and the label.
    label, color : str, optional
        Label and colour in place of those of the model.
    **line
        Further arguments of ``ax.plot``.

    Returns
    -------
    matplotlib Axes
        ``ax``.

    Raises
    ------
    ValueError
        If ``samples`` does not have one column per point of x, or ``model`` is unknown.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from esutils import plots
    >>> figure, ax = plt.subplots()
    >>> errors = [[0.09, 0.07, 0.06], [0.08, 0.07, 0.05]]  # two seeds, three widths
    >>> plots.curve(ax, [100, 200, 400], errors, model="expand_sparsify").get_lines()[0].get_label()
    'expand and sparsify'
    >>> plt.close(figure)
    """
    samples = np.atleast_2d(check_array("samples", samples))
    if samples.shape != (len(samples), np.size(x)):
        raise ValueError(
            f"samples must have {np.size(x)} columns, one per point of x, got shape {samples.shape}"
        )
    if model is not None:
        check_choice("model", model, MODEL_COLORS)
    color = MODEL_COLORS.get(model or "") if color is None else color
    label = label or MODEL_LABELS.get(model or "")
    (drawn,) = ax.plot(x, samples.mean(axis=0), color=color, label=label, **line)
    if len(samples) > 1:
        bands = [estimate(column) for column in samples.T]
        low, high = [band.low for band in bands], [band.high for band in bands]
        ax.fill_between(x, low, high, color=drawn.get_color(), alpha=0.18, linewidth=0)
    return ax


def label_ends(ax: Axes, min_gap: float = 0.055) -> Axes:
    """Write the label of each line beside its right end, in place of a legend.

    The labels keep their vertical order. The distance between them is at least ``min_gap``, as a
    share of the height of the axes. Lines without a label get none.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from esutils import plots
    >>> figure, ax = plt.subplots()
    >>> lines = ax.plot([1, 2], [3, 4], label="train") + ax.plot([1, 2], [5, 6], label="test")
    >>> [text.get_text() for text in plots.label_ends(ax).texts]
    ['train', 'test']
    >>> plt.close(figure)
    """
    ax.figure.canvas.draw()
    to_axes = ax.transData + ax.transAxes.inverted()
    line: Any
    ends = []
    for line in ax.get_lines():
        if line.get_label().startswith("_"):
            continue
        x, y = line.get_xdata()[-1], line.get_ydata()[-1]
        ends.append([to_axes.transform((x, y))[1], line])
    ends.sort(key=lambda end: end[0])
    for i, end in enumerate(ends):
        end[0] = max(np.clip(end[0], 0, 1), ends[i - 1][0] + min_gap if i else 0)
    for height, line in ends:
        ax.annotate(
            line.get_label(),
            (1.01, height),
            xycoords="axes fraction",
            color=line.get_color(),
            va="center",
            fontsize="small",
            annotation_clip=False,
        )
    return ax


def percent_axis(ax: Axes, axis: str = "y") -> Axes:
    """Show fractions as percentages on the ``"x"`` or the ``"y"`` axis.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from esutils import plots
    >>> figure, ax = plt.subplots()
    >>> plots.percent_axis(ax).yaxis.get_major_formatter()(0.25)
    '25%'
    >>> plt.close(figure)
    """
    check_choice("axis", axis, ("x", "y"))
    target = ax.yaxis if axis == "y" else ax.xaxis
    target.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))
    return ax


def interval(ax: Axes, found: Estimate, row: float, color: str, **marker: Any) -> Axes:
    """Draw a mean as a dot and its interval as a horizontal line, at the height ``row``.

    ``found`` comes from :func:`esutils.evidence.intervals.estimate`; ``marker`` holds further
    arguments of ``ax.plot`` for the dot.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from esutils import intervals, plots
    >>> figure, ax = plt.subplots()
    >>> ax = plots.interval(ax, intervals.estimate([1.0, 2.0, 3.0]), row=0, color="black")
    >>> [len(line.get_xdata()) for line in ax.get_lines()]
    [2, 1]
    >>> plt.close(figure)
    """
    ax.plot([found.low, found.high], [row, row], color=color)
    ax.plot(found.mean, row, "o", color=color, **marker)
    return ax


def images(
    axes: _Row,
    rows: Iterable[ArrayLike],
    image_shape: tuple[int, int],
    titles: Sequence[str] | None = None,
) -> _Row:
    """Draw each row of ``rows`` as a grey image of shape ``image_shape`` on its own Axes.

    There must be one row, and one title if any are given, for each of the ``axes``; otherwise this
    raises ValueError.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from esutils import data, plots
    >>> split = data.load_digits()
    >>> figure, axes = plt.subplots(1, 3)
    >>> axes = plots.images(axes, split.X_test[:3], split.image_shape, titles="abc")
    >>> [ax.get_title() for ax in axes]
    ['a', 'b', 'c']
    >>> plt.close(figure)
    """
    drawn, rows = np.ravel(axes), list(rows)
    for name, given in {"rows": rows, "titles": rows if titles is None else titles}.items():
        if len(given) != len(drawn):
            raise ValueError(f"{name} must be {len(drawn)}, one per Axes, got {len(given)}")
    for i, (ax, row) in enumerate(zip(drawn, rows, strict=True)):
        ax.imshow(np.reshape(row, image_shape), cmap="gray_r", interpolation="nearest")
        ax.set(xticks=[], yticks=[])
        if titles is not None:
            ax.set_title(titles[i])
    return axes
