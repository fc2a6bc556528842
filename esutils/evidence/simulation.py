"""Samples with a known true mean and the shapes of the chapters', to count false verdicts."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtri

from esutils.common.checks import check_array, check_choice, check_finite, check_int, check_seed
from esutils.common.types import Array, Seed
from esutils.evidence.claims import Claim, load_claims
from esutils.evidence.intervals import estimate

N_IMAGES = {"mnist5k": 2000, "fashion10k": 2000}
# What makes samples differ. How hard an image is has a variance of one: these shares of it belong
# to the image for every model, to the image for this model, and to the seed; the rest is chance.
# The last number is the error of the better model.
IMAGES = {
    "images and seeds": (0.85, 0.05, 0.005, 0.08),
    "images": (0.85, 0.145, 0.001, 0.08),
    "seeds": (0.6, 0.05, 0.05, 0.08),
    "few images": (0.85, 0.145, 0.001, 0.003),
}
KINDS = {"seeds": ("symmetric", "skewed"), "seeds x images": tuple(IMAGES)}


def samples(claim: Claim, data: str, kind: str, random_state: Seed, beyond: float = 0.0) -> Array:
    """Draw samples for a claim whose true mean is exactly at the threshold.

    Parameters
    ----------
    claim : esutils.evidence.claims.Claim
    data : str
        One of the claim's data sets.
    kind : str
        What makes the samples differ, one of ``KINDS[claim.variation]``.
    random_state : int or Generator
    beyond : float
        How far beyond the threshold to put the true mean, on the side where the claim is true.

    Returns
    -------
    array of shape (n_seeds,) or (n_seeds, n_images)
        In the claim's unit. Over seeds alone the standard deviation is a quarter of the threshold,
        or of the margin where the threshold is 0, and ``"skewed"`` means a skewness of 1/2 to the
        harmful side. With images, points are differences between the mistakes of two models; in any
        other unit a few images dominate.

    Raises
    ------
    ValueError
        If the claim has no such data or kind.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import claims, simulation
    >>> claim = claims.load_claims()["code.distances"]
    >>> simulation.samples(claim, "mnist5k", "skewed", random_state=0).shape
    (20,)
    """
    check_choice("data", data, claim.data)
    check_choice("kind", kind, KINDS[claim.variation])
    rng = check_seed("random_state", random_state)
    sides = {"greater": 1, "less": -1, "equivalent": rng.choice([-1, 1])}
    side, border = sides[claim.comparison], claim.threshold
    if claim.comparison == "equivalent":
        border *= -side
    mean, scale = border + side * beyond, abs(border) or claim.margin
    if claim.variation == "seeds":
        drawn = rng.standard_normal(claim.seeds)
        if kind == "skewed":
            drawn = side * (16 - rng.gamma(16, size=claim.seeds)) / 4
        return mean + scale / 4 * drawn
    *shares, least = IMAGES[kind]
    shape = claim.seeds, N_IMAGES[data]
    if claim.unit == "points":
        first, second = _mistakes(
            shape, (least + max(mean, 0) / 100, least - min(mean, 0) / 100), shares, rng
        )
        return first - second
    of_image = side * (0.2 - rng.gamma(0.2, size=shape[1]))
    of_seed = rng.standard_normal((shape[0], 1)) / 20
    return mean + 10 * scale * (of_image + of_seed + rng.standard_normal(shape) / 2)


def _mistakes(shape, errors, shares, rng):
    """Draw the mistakes of models with these true errors, in points: (models, seeds, images)."""

    def normal(share, *size):
        return np.float32(np.sqrt(share)) * rng.standard_normal(size, dtype=np.float32)

    (n_seeds, n_images), (of_all, own, of_seed) = shape, shares
    hard, wrong = normal(of_all, n_images), []
    for error in errors:
        alone = normal(own, n_images) + normal(of_seed, n_seeds, 1)
        ease = hard + alone + normal(1 - sum(shares), *shape)
        wrong.append(100.0 * (ease < ndtri(error)))
    return np.array(wrong)


def null_ledgers(n_ledgers: int, random_state: Seed) -> pd.DataFrame:
    """Judge ledgers in which every true mean is exactly at its threshold.

    Parameters
    ----------
    n_ledgers : int
    random_state : int or Generator

    Returns
    -------
    DataFrame
        One row per verdict: ``ledger, claim, data, shape, kind, word, p_value``; the last is 1
        unless the claim holds. The kinds take turns.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import simulation
    >>> found = simulation.null_ledgers(1, random_state=0)
    >>> bool((found["word"] == "holds").mean() < 0.1)
    True
    """
    rng, n_ledgers = check_seed("random_state", random_state), check_int("n_ledgers", n_ledgers)
    rows: list[list[Any]] = []
    pairs = [(claim, data) for claim in load_claims().values() for data in claim.data]
    for ledger in range(n_ledgers):
        for place, (claim, data) in enumerate(pairs):
            kinds = KINDS[claim.variation]
            kind = kinds[(ledger + place // 2) % len(kinds)]
            drawn = samples(claim, data, kind, rng)
            found, asked = estimate(drawn), (claim.comparison, claim.threshold)
            word = found.word(*asked)
            p_value = found.p_value(*asked) if word == "holds" else 1.0
            rows.append([ledger, claim.id, data, drawn.shape, kind, word, p_value])
    names = ["ledger", "claim", "data", "shape", "kind", "word", "p_value"]
    return pd.DataFrame(rows, columns=names)


def power(
    claim: Claim,
    data: str,
    kind: str,
    distances: ArrayLike,
    n_runs: int = 200,
    random_state: Seed = None,
) -> Array:
    """Return how often a claim holds if its true mean is some distance beyond the threshold.

    Parameters
    ----------
    claim : esutils.evidence.claims.Claim
        One that is about more or less than its threshold, not about equivalence.
    data, kind : str
        As in :func:`samples`.
    distances : array of shape (n_distances,)
        From the threshold to the true mean, in standard errors: the standard deviation of the
        means of runs whose true mean is at the threshold.
    n_runs : int
        Runs for each distance.
    random_state : int, Generator or None

    Returns
    -------
    array of shape (n_distances,)
        Fractions of the runs.

    Raises
    ------
    ValueError
        If the claim is of equivalence, or has no such data or kind, or a distance is not finite.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import claims, simulation
    >>> claim = claims.load_claims()["sphere.rate"]
    >>> weak, strong = simulation.power(claim, "simulation", "symmetric", [1, 6], random_state=0)
    >>> bool(weak < 0.5 < strong)
    True
    """
    check_choice("comparison of claim", claim.comparison, ("greater", "less"))
    rng, n_runs = check_seed("random_state", random_state), check_int("n_runs", n_runs, 2)
    distances = check_array("distances", distances)
    check_finite("distances", np.isfinite(distances).all())
    if distances.ndim != 1:
        raise ValueError(f"distances must have shape (n_distances,), got {distances.shape}")

    def runs(beyond):
        return [samples(claim, data, kind, rng, beyond) for _ in range(n_runs)]

    def holds(drawn):
        return estimate(drawn).word(claim.comparison, claim.threshold) == "holds"

    error = np.std([drawn.mean() for drawn in runs(0.0)])
    return np.array([np.mean([holds(x) for x in runs(error * away)]) for away in distances])
