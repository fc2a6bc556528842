"""Systems solved in a band, against each system solved on its own."""

import numpy as np
import pytest

from esutils import readout
from esutils.readout.band import shifted_solutions


def semidefinite(n, rank, seed=0):
    factor = np.random.default_rng(seed).standard_normal((n, rank))
    return factor @ factor.T


@pytest.mark.parametrize("n", [1, 2, 127, 128, 129, 200, 255, 256, 257, 700])
@pytest.mark.parametrize("rank", ["full", "half"])
def test_solutions_are_those_of_each_system(n, rank):
    A = semidefinite(n, n + 5 if rank == "full" else max(1, n // 2))
    Y, shifts = np.random.default_rng(1).standard_normal((n, 3)), [1e-2, 1.0, 1e4]
    before = A.copy()
    found = shifted_solutions(A, Y, shifts)
    assert found.shape == (n, 3, 3) and (A == before).all()
    for at, shift in enumerate(shifts):
        plain = np.linalg.solve(A + shift * np.eye(n), Y)
        assert np.abs(found[:, at] - plain).max() < 1e-9 * np.abs(plain).max()


@pytest.mark.parametrize("values", [np.zeros(150), np.arange(150.0), np.full(150, 7.0)])
def test_there_may_be_nothing_to_reflect(values):
    Y = np.ones((150, 1))
    found = shifted_solutions(np.diag(values), Y, [0.5])
    assert np.allclose(found[:, 0], Y / (values[:, None] + 0.5), rtol=1e-14)


def test_a_matrix_that_is_not_positive_definite_is_refused():
    with pytest.raises(np.linalg.LinAlgError):
        shifted_solutions(np.diag(np.linspace(-1, 1, 100)), np.ones((100, 1)), [0.5])


@pytest.mark.parametrize("shape", [(90, 30), (30, 90)])
def test_many_penalties_give_the_readouts_of_each(shape):
    rng = np.random.default_rng(0)
    Z, Y = rng.standard_normal(shape), rng.standard_normal((shape[0], 2))
    penalties = np.geomspace(1e-3, 1e3, 12)
    for fitted, penalty in zip(readout.ridge_path(Z, Y, penalties), penalties, strict=True):
        alone = readout.ridge(Z, Y, penalty)
        assert fitted.penalty == alone.penalty == penalty
        assert np.allclose(fitted.weights, alone.weights, rtol=1e-10, atol=1e-12)
        assert np.allclose(fitted.intercept, alone.intercept, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("n_penalties", [1, 8])
def test_penalties_below_rounding_give_the_shortest_readout(n_penalties):
    rng = np.random.default_rng(0)
    Z, Y = np.repeat(rng.standard_normal((40, 60)), 2, axis=0), rng.standard_normal((80, 2))
    shortest = np.linalg.pinv(Z - Z.mean(axis=0)) @ (Y - Y.mean(axis=0))
    for fitted in readout.ridge_path(Z, Y, np.full(n_penalties, 1e-300)):
        assert np.allclose(fitted.weights, shortest, atol=1e-10)
