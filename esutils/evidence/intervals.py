"""Means with intervals: for new seeds, new test images, new training images, new resplits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from esutils.common.checks import check_array, check_choice, check_number, check_samples
from esutils.common.types import Array

CONFIDENCE = 0.95
COMPARISONS = ("greater", "less", "equivalent")


@dataclass(frozen=True)
class Estimate:
    """A mean with its confidence interval, in the unit of its samples.

    Examples
    --------
    >>> from esutils import intervals
    >>> gain = intervals.estimate([1.2, 0.9, 1.1, 1.0, 0.8])
    >>> gain.word("greater", 0.5), gain.word("less", 0.5), gain.word("greater", 1.0)
    ('holds', 'fails', 'undecided')
    >>> gain.p_value("greater", 0.5) < 0.01
    True
    >>> f"{gain:.2f}"
    '1.00 ± 0.20'
    """

    mean: float
    low: float
    high: float
    standard_error: float
    degrees_of_freedom: float
    seed_error: float
    n_seeds: int

    def __format__(self, spec: str) -> str:
        """Write the mean, and how far the interval reaches on either side."""
        return f"{self.mean:{spec}} ± {self.high - self.mean:{spec}}"

    def p_value(self, comparison: str, threshold: float) -> float:
        """Return the smallest error rate at which the comparison holds."""
        _check_bound(comparison, threshold)
        if comparison == "equivalent":
            return max(self._tail(self.mean + threshold), self._tail(threshold - self.mean))
        return self._tail((self.mean - threshold) * (1 if comparison == "greater" else -1))

    def _tail(self, distance):
        """Return the error rate at which the interval reaches this far from the mean."""
        if self.standard_error == 0:
            return 1.0
        tail = special.stdtr(self.degrees_of_freedom, -distance / self.standard_error)
        if self.seed_error > 0:
            tail = max(tail, special.stdtr(self.n_seeds - 1, -distance / self.seed_error))
        return min(1.0, 2 * float(tail))

    def word(self, comparison: str, threshold: float) -> str:
        """Return ``"holds"``, ``"fails"`` or ``"undecided"``, which it is where nothing varied."""
        _check_bound(comparison, threshold)
        if self.standard_error == 0:
            return "undecided"
        if comparison == "equivalent":
            if -threshold < self.low and self.high < threshold:
                return "holds"
            return "fails" if self.low > threshold or self.high < -threshold else "undecided"
        above, below = self.low > threshold, self.high < threshold
        if not (above or below):
            return "undecided"
        return "holds" if above == (comparison == "greater") else "fails"


def _check_bound(comparison, threshold):
    check_choice("comparison", comparison, COMPARISONS)
    check_number("threshold", threshold, 0 if comparison == "equivalent" else -np.inf)


def estimate(samples: ArrayLike, step: float = 0.0, pool_share: float = 0.0) -> Estimate:
    """Return the mean of samples with a 95% confidence interval.

    Parameters
    ----------
    samples : array of shape (n_seeds,) or (n_seeds, n_images)
        One value per seed, or one per seed and test image where every seed is measured on the
        same images. Take differences first, pair by pair.
    step : float
        The smallest amount by which two samples can differ, such as 0.1 for errors in percent of
        1,000 images; 0 if there is no such amount.
    pool_share : float
        n / (N - n), where every seed draws n training images from the same pool of N. The interval
        then holds for new pools as well: this share of the seeds' variance is added to the variance
        of the mean, and the degrees of freedom are those of the seeds. With 0 the interval is about
        these training images alone.

    Returns
    -------
    Estimate
        For one dimension, Student's t interval over seeds, to whose variance half a step adds its
        square. For two, an interval that holds for new seeds *and* new images. The variance of the
        mean under two crossed random effects is estimated from the mean squares of rows, columns
        and remainder, ``(MS_seeds + MS_images - MS_rest) / (n_seeds n_images)``, and is never less
        than either effect alone; the degrees of freedom are Satterthwaite's. A few mistakes say
        little about how rare mistakes are, so two images are added to the mean square of images:
        one as far above the mean as any sample is from it, one as far below. The interval is never
        narrower than Student's over the seeds. Samples that are all the same decide nothing, unless
        a step says how closely they were measured.

    Raises
    ------
    ValueError
        If there are fewer than two seeds or images, a sample is not finite, or the step or the
        share is negative.

    Notes
    -----
    The chapter counts how often a verdict from this interval is wrong. The two added images follow
    Agresti and Coull (1998), who add two successes and two failures to a share.

    Why n / (N - n): if a statistic is a sum of small contributions of the n training images, of
    variance s^2 over all images, then draws from one pool differ with variance s^2 (1 - n/N) / n,
    which is what the seeds show, while the mean over the pool differs between pools with variance
    s^2 / N, which no number of seeds shows. The ratio of the two is n / (N - n). Nadeau and Bengio
    (2003) correct for shared training samples in the same way.

    This is not a bootstrap, because five seeds are too few to resample. Owen (2007) gives the
    bootstrap of the same model, and the tests compare the two.

    Chapter: 17-scorecard.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import intervals
    >>> wrong = np.array([[0, 1, 0, 0], [0, 1, 1, 0]])  # two seeds on the same four images
    >>> both, seeds_only = intervals.estimate(wrong), intervals.estimate(wrong.mean(axis=1))
    >>> both.mean, both.standard_error > seeds_only.standard_error
    (0.375, True)
    """
    samples = check_samples("samples", samples)
    check_number("step", step)
    check_number("pool_share", pool_share)
    mean, apart = _centred(samples)
    if samples.ndim == 1:
        return _over_seeds(mean, apart, step, 1 / len(samples) + pool_share)
    return _crossed(mean, apart, step, pool_share)


def detectable(samples: ArrayLike, step: float = 0.0, pool_share: float = 0.0) -> float:
    """Return the smallest difference that an experiment with such samples finds in 80% of its runs.

    Parameters
    ----------
    samples, step, pool_share
        As in :func:`estimate`; usually those of a pilot run on other images.

    Returns
    -------
    float
        In the unit of the samples: how far beyond its threshold a true mean must lie for the whole
        interval to lie there four times out of five.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import intervals
    >>> f"{intervals.detectable([1.2, 0.9, 1.1, 1.0, 0.8]):.2f}"
    '0.26'
    """
    found = estimate(samples, step, pool_share)
    power = special.stdtrit(found.degrees_of_freedom, 0.8) * found.standard_error
    return float(found.high - found.mean + power)


def over_resplits(samples: ArrayLike, test_share: float = 0.25, step: float = 0.0) -> Estimate:
    """Return the mean over resplits of one table with a 95% interval.

    Resplits share most of their rows, so that the plain standard error is too small. Nadeau and
    Bengio's correction adds the ratio of test to training rows to 1 / n_resplits.

    Parameters
    ----------
    samples : array of shape (n_resplits,)
    test_share : float
        Test rows for each training row.
    step : float
        As in :func:`estimate`: 100 over the number of test rows for errors in percent.

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        If there are fewer than two resplits, a sample is not finite, or the share or the step
        is negative.

    References
    ----------
    Nadeau and Bengio (2003), Inference for the generalization error, Machine Learning 52.

    Notes
    -----
    Chapter: 18-your-own-data.

    Examples
    --------
    >>> from esutils import intervals
    >>> found = intervals.over_resplits([1.0, 2.0, 3.0])
    >>> found.mean, bool(found.low < 0)
    (2.0, True)
    """
    samples = check_samples("samples", samples, "n_resplits")
    check_number("test_share", test_share)
    check_number("step", step)
    mean, apart = _centred(samples)
    return _over_seeds(mean, apart, step, 1 / len(samples) + test_share)


def holm(p_values: ArrayLike) -> Array:
    """Correct p-values for being many, by Holm's step-down.

    Parameters
    ----------
    p_values : array of shape (n_claims,)

    Returns
    -------
    array of shape (n_claims,)
        If all claims are held to the same error rate by these, the chance that any of the false
        ones holds is no more than that rate, however the claims depend on each other.

    Raises
    ------
    ValueError
        If they are not numbers between 0 and 1.

    References
    ----------
    Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    Statistics 6.

    Notes
    -----
    Chapter: 17-scorecard.

    Examples
    --------
    >>> from esutils import intervals
    >>> intervals.holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    found = check_array("p_values", p_values)
    if found.ndim != 1 or not ((found >= 0) & (found <= 1)).all():
        raise ValueError(f"p_values must be a list of numbers in [0, 1], got {p_values!r}")
    order, adjusted = np.argsort(found, kind="stable"), np.empty(len(found))
    steps = np.arange(len(found), 0, -1) * found[order]
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def held_out_best(samples: ArrayLike) -> Array:
    """Return the samples of the best of several models, without the luck of choosing it.

    Parameters
    ----------
    samples : array of shape (n_seeds, n_models, n_images)
        Such as mistakes: smaller is better.

    Returns
    -------
    array of shape (n_seeds, n_images)
        For each seed, and separately for the images with even and with odd numbers, the samples of
        the model with the smallest mean over the other seeds and the other half of the images.

    Raises
    ------
    ValueError
        If there are fewer than two seeds, models or images, or a sample is not finite.

    Notes
    -----
    Chapter: 08-double-descent.

    Examples
    --------
    >>> import numpy as np
    >>> from esutils import intervals
    >>> wrong = np.random.default_rng(0).random((5, 10, 1000)) < 0.1
    >>> chosen_by_luck = wrong[:, wrong.mean(axis=(0, 2)).argmin()]
    >>> bool(chosen_by_luck.mean() < intervals.held_out_best(wrong).mean())
    True
    """
    samples = check_samples("samples", samples, "n_seeds", "n_models", "n_images")
    best = np.empty_like(samples[:, 0])
    for seed in range(len(samples)):
        others = np.delete(samples, seed, axis=0).mean(axis=0)
        for half in (0, 1):
            chosen = others[:, 1 - half :: 2].mean(axis=1).argmin()
            best[seed, half::2] = samples[seed, chosen, half::2]
    return best


def _centred(samples):
    """Return the mean, and the samples less it: exact zeros where they are all the same."""
    mean = samples.mean() if np.ptp(samples) else samples.flat[0]
    return mean, samples - mean


def _over_seeds(mean, apart, step, share):
    """Return Student's estimate; the mean's variance is a share of that of the samples."""
    variance = share * (np.sum(apart**2) / (len(apart) - 1) + (step / 2) ** 2)
    return _student(mean, variance, len(apart) - 1, variance, len(apart))


def _student(mean, variance, df, seed_variance, n_seeds):
    """Return the estimate with Student's t interval, no narrower than that over the seeds."""
    errors = np.sqrt([variance, seed_variance])
    half = max(special.stdtrit([df, n_seeds - 1], (1 + CONFIDENCE) / 2) * errors)
    mean, low, high, df = map(float, (mean, mean - half, mean + half, df))
    return Estimate(mean, low, high, float(errors[0]), df, float(errors[1]), n_seeds)


def _crossed(mean, apart, step, pool_share):
    """Return the estimate under crossed random effects of seeds and images, and of the pool."""
    n_seeds, n_images = apart.shape
    rows, columns = apart.mean(axis=1), apart.mean(axis=0)
    rest = apart - rows[:, None] - columns
    freedom = np.array([n_seeds - 1, n_images - 1, (n_seeds - 1) * (n_images - 1)])
    farthest = max(np.abs(apart).max(), step)
    unseen = 2 * farthest**2
    squares = [n_images * np.sum(rows**2), n_seeds * (np.sum(columns**2) + unseen), np.sum(rest**2)]
    by_seed, by_image, by_rest = parts = squares / freedom
    total = max(by_seed + by_image - by_rest, by_seed, by_image)
    if total == 0:
        return _student(mean, 0, n_seeds - 1, 0, n_seeds)
    df = max(total**2 / np.sum(parts**2 / freedom), n_seeds - 1)
    of_pool = pool_share * by_seed / n_images
    if of_pool:
        df = n_seeds - 1
    seed_variance = by_seed / apart.size + of_pool
    return _student(mean, total / apart.size + of_pool, df, seed_variance, n_seeds)
