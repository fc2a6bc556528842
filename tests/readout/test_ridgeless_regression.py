"""Ridgeless readouts of codes of images against numpy's own least squares, width by width."""

import numpy as np
import pytest

from esutils import ExpandSparsify, data
from esutils.readout import width_path

SPLIT = data.subsample(data.load_digits(), 80, 0)
X, Y = SPLIT.X_train.astype(np.float64), data.one_hot(SPLIT.y_train, 10)
X_TEST = SPLIT.X_test[:40].astype(np.float64)
ENCODERS = {
    "relu": ExpandSparsify(400, sparsifier="relu", random_state=0),
    "cosine": ExpandSparsify(400, sparsifier="cosine", random_state=0),
    "threshold": ExpandSparsify(400, sparsifier="threshold", n_active=40, random_state=0),
    "binary blocks": ExpandSparsify(400, sparsifier="block", n_active=40, random_state=0),
    "blocks": ExpandSparsify(400, sparsifier="block", n_active=40, binary=False, random_state=0),
    "winners": ExpandSparsify(400, n_active=40, random_state=0),
    "expand only": ExpandSparsify(400, sparsifier="identity", random_state=0),
}
WIDTHS = [10, 30, 50, 60, 120, 200, 400]  # n = 80; expand only has rank 64 or less


@pytest.mark.parametrize("name", ENCODERS)
def test_width_path_is_lstsq_at_every_width(name):
    encoder = ENCODERS[name]
    path = width_path(encoder, X, Y, X_TEST, WIDTHS)
    for i, m in enumerate(WIDTHS):
        width = 400 if encoder.nested else m
        n_active = encoder.n_active and encoder.n_active * width // 400
        fitted = ExpandSparsify(**{**encoder.get_params(), "n_expanded": width})
        fitted.set_params(n_active=n_active).fit(X)
        Z, Z_test = fitted.transform(X)[:, :m], fitted.transform(X_TEST)[:, :m]
        weights, _, rank, _ = np.linalg.lstsq(Z, Y, rcond=1e-10)
        assert np.allclose(path.predictions[i], Z_test @ weights, rtol=1e-8, atol=1e-8)
        assert np.allclose(path.norms[i], np.linalg.norm(weights, axis=0), rtol=1e-8)
        residuals = np.sqrt(np.mean((Y - Z @ weights) ** 2, axis=0))
        assert np.allclose(path.residuals[i], residuals, atol=1e-8)
        assert path.ranks[i] == rank


def test_ranks_say_what_the_codes_can_fit():
    ranks = {
        name: width_path(encoder, X, Y, X_TEST, WIDTHS).ranks for name, encoder in ENCODERS.items()
    }
    assert ranks["relu"].tolist() == [10, 30, 50, 60, 80, 80, 80]
    assert ranks["expand only"].max() == np.linalg.matrix_rank(X - X.mean(axis=0)) < 64
    binary = np.array(WIDTHS) - np.array(WIDTHS) // 10 + 1
    assert (ranks["binary blocks"] <= np.minimum(binary, 80)).all()
