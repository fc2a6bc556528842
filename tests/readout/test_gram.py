"""Gram matrices: bits against plain products, and systems that may be singular."""

import numpy as np
import pytest
import scipy.sparse as sp

from esutils.readout.gram import add_common, gram, pack, solve_gram, solve_shifted

RNG = np.random.default_rng(0)


def binary(n, m, share=0.3, dtype=np.float32):
    return (RNG.random((n, m)) < share).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (3, 63), (65, 64), (130, 65), (64, 1000)])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_binary_codes_have_the_products_of_whole_numbers(shape, share, dtype):
    Z = binary(*shape, share, dtype)
    whole = Z.astype(np.int64)
    found = gram(Z)
    assert found.dtype == np.float64 and np.array_equal(found, whole @ whole.T)
    assert np.array_equal(gram(sp.csr_matrix(Z)), found)
    for transposed in (Z.T, sp.csr_matrix(Z).T):
        assert np.array_equal(gram(transposed), whole.T @ whole)


@pytest.mark.parametrize("value", [2.0, -1.0, 0.5, 1e-30])
def test_one_other_value_and_the_codes_are_not_binary(value):
    Z = binary(70, 200, dtype=np.float64)
    Z[69, 199] = value
    expected = Z @ Z.copy().T
    assert np.allclose(gram(Z), expected, rtol=1e-14)
    assert np.allclose(gram(sp.csr_matrix(Z)), expected, rtol=1e-14)


def test_duplicate_entries_of_a_csr_matrix_add_up():
    doubled = sp.csr_matrix(([1.0, 1.0], [0, 0], [0, 2, 2]), shape=(2, 3))
    assert gram(doubled).tolist() == [[4.0, 0.0], [0.0, 0.0]]


def test_bits_of_a_csr_matrix_need_no_order_and_no_copy_and_skip_stored_zeros():
    messy = sp.csr_matrix(([1.0, 0.0, 1.0], [70, 5, 3], [0, 3]), shape=(1, 80))
    assert np.array_equal(pack(messy), pack(messy.toarray()))
    assert messy.indices.tolist() == [70, 5, 3]
    for values in ([1.0, 1.0], [0.5, 0.5], [1.0, np.nan]):
        assert pack(sp.csr_matrix((values, [0, 0], [0, 2]), shape=(1, 2))) is None


def test_common_bits_are_added_to_a_matrix_of_any_numeric_type():
    Z = binary(70, 200)
    for dtype in (np.uint16, np.float64):
        total = np.ones((70, 70), dtype)
        assert add_common(pack(Z), total) is total
        assert np.array_equal(total, 1 + Z @ Z.T)


def test_counts_beyond_single_precision_stay_exact():
    Z = np.ones((2, 2**24 + 1), np.float32)
    assert gram(Z)[0, 1] == 2**24 + 1


@pytest.mark.parametrize("rank", [40, 25, 1])
def test_solves_with_the_pseudoinverse_from_the_upper_triangle_alone(rank):
    factor, Y = RNG.standard_normal((40, rank)), RNG.standard_normal((40, 3))
    matrix = factor @ factor.T
    upper = np.triu(matrix) + np.tril(np.full((40, 40), np.nan), -1)
    solution, found = solve_gram(upper, Y)
    assert found == rank
    assert np.allclose(solution, np.linalg.pinv(matrix, hermitian=True) @ Y, rtol=1e-6, atol=1e-9)


def semidefinite(n, rank, seed=0):
    factor = np.random.default_rng(seed).standard_normal((n, rank))
    return factor @ factor.T


@pytest.mark.parametrize("n_shifts", [3, 30])  # solved one by one, and by eigenvectors
@pytest.mark.parametrize("n", [1, 2, 3, 130, 300])
@pytest.mark.parametrize("rank", ["full", "half"])
def test_shifted_solutions_are_those_of_each_system(n, rank, n_shifts):
    A = semidefinite(n, n + 5 if rank == "full" else max(1, n // 2))
    Y, shifts = np.random.default_rng(1).standard_normal((n, 3)), np.geomspace(1e-2, 1e4, n_shifts)
    before = A.copy()
    found = solve_shifted(A, Y, shifts)
    assert found.shape == (n, n_shifts, 3) and (A == before).all()
    for at, shift in enumerate(shifts):
        plain = np.linalg.solve(A + shift * np.eye(n), Y)
        assert np.abs(found[:, at] - plain).max() < 1e-9 * np.abs(plain).max()


@pytest.mark.parametrize("n_shifts", [1, 30])
@pytest.mark.parametrize("values", [np.zeros(150), np.arange(150.0), np.full(150, 7.0)])
def test_shifted_solutions_of_diagonal_matrices(values, n_shifts):
    Y = np.ones((150, 1))
    found = solve_shifted(np.diag(values), Y, np.full(n_shifts, 0.5))
    assert np.allclose(found, (Y / (values[:, None] + 0.5))[:, None], rtol=1e-14)


@pytest.mark.parametrize("n_shifts", [1, 30])
def test_shifts_below_rounding_leave_the_pseudoinverse(n_shifts):
    A, Y = semidefinite(60, 20), np.random.default_rng(1).standard_normal((60, 3))
    shifts = np.append(np.full(n_shifts - 1, 1e-300), 1e-200)
    expected = np.linalg.pinv(A, hermitian=True, rtol=1e-12) @ Y
    found = solve_shifted(A, Y, shifts)
    assert np.allclose(found, expected[:, None], rtol=1e-9, atol=1e-11)
    assert not solve_shifted(np.zeros((60, 60)), Y, np.zeros(n_shifts)).any()
