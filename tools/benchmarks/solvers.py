"""Ridgeless curves and ridge paths."""

import numpy as np
import scipy.linalg as sl
from sklearn.linear_model import Ridge

from esutils import ExpandSparsify, data, readout
from tools.benchmarks.tasks import Side, Task, normal

# Ridgeless curves


def sixty_widths(n_samples, m_max):
    narrow = np.geomspace(n_samples / 50, n_samples, 30)
    wide = np.geomspace(1.03 * n_samples, m_max, 30)
    return np.concatenate([narrow, wide]).astype(int)


def curve(n_samples, m_max):
    """Return ReLU codes, targets at four noise levels, test codes and 60 widths."""
    H = normal(n_samples + 1000, 100).astype(np.float64) @ normal(m_max, 100).T
    Z, Y = np.maximum(H, 0), normal(n_samples, 40).astype(np.float64)
    return Z[:n_samples], Y, Z[n_samples:], sixty_widths(n_samples, m_max)


def path(Z, Y, Z_test, widths):
    fitted = readout.minimum_norm_path(Z, Y, Z_test, widths)
    return dict(zip(widths, fitted.predictions, strict=True))


def each_width(some=slice(None)):
    """Fit every width on its own, or some of them."""

    def side(Z, Y, Z_test, widths):
        return {m: Z_test[:, :m] @ sl.lstsq(Z[:, :m], Y)[0] for m in widths[some]}

    return side


def bare_factors(Z, Y, Z_test, widths):
    """Decompose as the path does, and neither fit nor predict anything."""
    n = len(Z)
    sl.qr(Z[:, :n], mode="raw", check_finite=False)
    gram = sl.blas.dsyrk(1.0, Z.T, trans=1, lower=1)  # seen as its transpose, Z needs no copy
    for _ in widths[widths > n]:  # the last Gram matrix stands for all: each takes n^3 / 3
        sl.cho_factor(gram, lower=True, check_finite=False)


def share_of_work(n_samples, m_max, some):
    """Return the share of some widths in all: least squares take min(n, m)^2 max(n, m)."""
    widths = sixty_widths(n_samples, m_max).astype(float)
    work = np.minimum(n_samples, widths) ** 2 * np.maximum(n_samples, widths)
    return float(work[some].sum() / work.sum())


def same_predictions(inputs, ours, theirs):
    """Compare where the system is well conditioned: away from m = n."""
    for m, predictions in theirs.items():
        scale = np.abs(predictions).max()
        assert np.abs(ours[m] - predictions).max() < (1e-2 if scale > 1e2 else 1e-7) * scale


CURVE = Task(
    "ridgeless curve, 60 widths, n = 1,000 to m = 20,000, 4 noise levels",
    lambda: curve(1000, 20_000),
    [
        Side("esutils", path),
        Side("scipy.linalg.lstsq per width", each_width(), target=12),
        Side("LAPACK, the floor: Gram matrix and factors", bare_factors, floor=True),
    ],
    same_predictions,
    turns=3,
)

SOME = slice(5, None, 12)  # five of the sixty
LONG_CURVE = Task(
    "ridgeless curve, 60 widths, n = 4,000 to m = 40,000, 4 noise levels",
    lambda: curve(4000, 40_000),
    [
        Side("esutils", path),
        Side(
            "scipy.linalg.lstsq per width",
            each_width(SOME),
            target=60,
            part=share_of_work(4000, 40_000, SOME),
        ),
        Side("LAPACK, the floor: Gram matrix and factors", bare_factors, floor=True),
    ],
    same_predictions,
    turns=1,
)


# Ridge paths


def ridge_codes(n_samples, n_expanded):
    """Return binary codes of images and twenty penalties."""
    split = data.load_mnist5k(n_test=1000)
    X = np.resize(split.X_train, (n_samples, split.X_train.shape[1]))
    X += 0.1 * normal(*X.shape)
    encoder = ExpandSparsify(n_expanded, n_active=n_expanded // 20, random_state=0)
    Y = data.one_hot(np.resize(split.y_train, n_samples), 10).astype(np.float32)
    return encoder.fit_transform(X), Y, np.geomspace(1, 1e4, 20)


def ridge_per_penalty(Z, Y, penalties):
    return [Ridge(alpha=penalty).fit(Z, Y).predict(Z[:100]) for penalty in penalties]


def ridge_at_once(Z, Y, penalties):
    return [fitted.predict(Z[:100]) for fitted in readout.ridge_path(Z, Y, penalties)]


def bare_product(Z, Y, penalties):
    """Multiply as often as making the smaller Gram matrix tridiagonal takes: 2/3 of its n^3."""
    A = np.ones((min(Z.shape), min(Z.shape)))
    A @ A[:, : 2 * len(A) // 3]


def same_fits(inputs, ours, theirs):
    assert np.allclose(ours, theirs, atol=2e-3)  # theirs are solved in float32


def ridge_task(n_samples, n_expanded):
    return Task(
        f"ridge path, 20 penalties, binary codes, n = {n_samples:,}, m = {n_expanded:,}",
        lambda: ridge_codes(n_samples, n_expanded),
        [
            Side("esutils", ridge_at_once),
            Side("sklearn.linear_model.Ridge per penalty", ridge_per_penalty, target=10),
            Side("one product, the floor: as many multiplications", bare_product, floor=True),
        ],
        same_fits,
        turns=3,
    )


RIDGE = ridge_task(10_000, 2_000)
DUAL_RIDGE = ridge_task(4_000, 10_000)
