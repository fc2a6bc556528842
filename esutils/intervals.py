"""Means with intervals that speak for new seeds and new test images, or for new resplits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from esutils._checks import check_choice, check_number, check_samples

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
    """

    mean: float
    low: float
    high: float
    standard_error: float
    degrees_of_freedom: float

    def p_value(self, comparison: str, threshold: float) -> float:
        """Return the smallest error rate at which the comparison holds."""
        _check_bound(comparison, threshold)
        if comparison == "equivalent":
            return max(self._tail(self.mean + threshold), self._tail(threshold - self.mean))
        return self._tail((self.mean - threshold) * (1 if comparison == "greater" else -1))

    def _tail(self, distance):
        if self.standard_error == 0:
            return 0.0 if distance > 0 else 1.0
        tail = stats.t.sf(distance / self.standard_error, self.degrees_of_freedom)
        return min(1.0, 2 * float(tail))

    def word(self, comparison: str, threshold: float) -> str:
        """Return ``"holds"``, ``"fails"`` or ``"undecided"``."""
        _check_bound(comparison, threshold)
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


def estimate(samples: ArrayLike) -> Estimate:
    """Return the mean of samples with a 95% confidence interval.

    Parameters
    ----------
    samples : array of shape (n_seeds,) or (n_seeds, n_images)
        One value a seed, or one a seed and test image, where every seed is measured on the same
        images. Differences are to be taken before, pair by pair.

    Returns
    -------
    Estimate
        For one dimension, Student's t interval over seeds. For two, an interval that speaks for
        new seeds *and* new images: the variance of the mean under two crossed random effects is
        estimated by the mean squares of rows, columns and remainder,
        ``(MS_seeds + MS_images - MS_rest) / (n_seeds n_images)``, never less than either effect
        alone, with Satterthwaite's degrees of freedom.

    Raises
    ------
    ValueError
        If there are fewer than two seeds or images, or a sample is not finite.

    Notes
    -----
    Five seeds are too few to resample, which is why this is not a bootstrap; Owen (2007) gives the
    bootstrap of the same model, and the tests compare the two.

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
    if samples.ndim == 1:
        return _student(samples.mean(), samples.var(ddof=1) / len(samples), len(samples) - 1)
    return _student(samples.mean(), *_crossed_variance(samples))


def over_resplits(samples: ArrayLike, test_share: float = 0.25) -> Estimate:
    """Return the mean over resplits of one table with a 95% interval.

    Resplits share most of their rows, so that the plain standard error is too small. Nadeau and
    Bengio's correction adds the ratio of test to training rows to 1 / n_resplits.

    Parameters
    ----------
    samples : array of shape (n_resplits,)
    test_share : float
        Test rows for each training row.

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        If there are fewer than two resplits, a sample is not finite, or the share is negative.

    References
    ----------
    Nadeau and Bengio (2003), Inference for the generalization error, Machine Learning 52.

    Notes
    -----
    Chapter: 12-your-own-data.

    Examples
    --------
    >>> from esutils import intervals
    >>> found = intervals.over_resplits([1.0, 2.0, 3.0])
    >>> found.mean, bool(found.low < 0)
    (2.0, True)
    """
    samples = check_samples("samples", samples, "n_resplits")
    check_number("test_share", test_share)
    n = len(samples)
    return _student(samples.mean(), (1 / n + test_share) * samples.var(ddof=1), n - 1)


def _student(mean, variance, df):
    """Return the estimate with Student's t interval."""
    error = np.sqrt(variance)
    half = stats.t.ppf((1 + CONFIDENCE) / 2, df) * error
    return Estimate(*map(float, (mean, mean - half, mean + half, error, df)))


def _crossed_variance(samples):
    """Return the variance of the grand mean under crossed random effects, and its freedom."""
    n_seeds, n_images = samples.shape
    rows, columns, mean = samples.mean(axis=1), samples.mean(axis=0), samples.mean()
    rest = samples - rows[:, None] - columns + mean
    freedom = np.array([n_seeds - 1, n_images - 1, (n_seeds - 1) * (n_images - 1)])
    squares = np.array([n_images * rows.var() * n_seeds, n_seeds * columns.var() * n_images, 0.0])
    squares[2] = np.sum(rest**2)
    by_seed, by_image, by_rest = squares / freedom
    total = max(by_seed + by_image - by_rest, by_seed, by_image)
    if total == 0:
        return 0.0, float(freedom[0])
    parts = np.array([by_seed, by_image, by_rest])
    df = total**2 / np.sum(parts**2 / freedom)
    return total / samples.size, max(df, float(freedom[0]))
