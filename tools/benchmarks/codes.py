"""Codes: the largest of many, encoding, and reading out."""

import numba
import numpy as np
import scipy.sparse as sp
import torch
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection
from threadpoolctl import threadpool_limits

from esutils import ExpandSparsify, layer, readout
from esutils.common.threads import in_blocks
from tools.benchmarks.tasks import Side, Task, normal


def one_thread(work):
    """Return the same work done on one thread."""

    def alone(*inputs):
        threads = numba.config.NUMBA_NUM_THREADS
        numba.config.NUMBA_NUM_THREADS = 1
        try:
            with threadpool_limits(1):
                return work(*inputs)
        finally:
            numba.config.NUMBA_NUM_THREADS = threads

    return alone


# k-winner-take-all


def largest_by_partition(H, k):
    """Return the winners as a sparse matrix needs them; NumPy's own indices take twice the room."""
    return np.argpartition(H, H.shape[1] - k, axis=1)[:, H.shape[1] - k :].astype(np.int32)


def in_two_threads(select):
    def side(H, k):
        return np.vstack(in_blocks(lambda rows: select(H[rows], k), len(H), 500))

    return side


def largest_by_topk(H, k):
    return torch.topk(torch.from_numpy(H), k, dim=1, sorted=False).indices.numpy()


def add_up(H, k):
    return in_blocks(lambda rows: H[rows].sum(), len(H), 500)


def same_winners(inputs, ours, theirs):
    """Compare the values of the winners: of equal ones at the cut, peers take any."""
    for row, mine, yours in zip(inputs[0], ours, theirs, strict=True):
        assert np.array_equal(np.sort(row[mine]), np.sort(row[yours]))


SELECT = Task(
    "k-WTA select, 10,000 x 20,000, k = 1,000",
    lambda: (normal(10_000, 20_000), 1000),
    [
        Side("esutils", layer.winners),
        Side("esutils, one thread", one_thread(layer.winners)),
        Side("np.argpartition", largest_by_partition, target=10),
        Side("np.argpartition in two threads", in_two_threads(largest_by_partition)),
        Side("torch.topk", largest_by_topk, target=3),
        Side("np.sum, the floor: every entry read once", add_up, floor=True),
    ],
    same_winners,
)


# Encoding


def encoding(law, peer):
    """Return images, our encoder and scikit-learn's projection with the same rows."""
    X = normal(10_000, 784)
    encoder = ExpandSparsify(20_000, law=law, n_active=1000, sparse_output=True, random_state=0)
    encoder.fit(X)
    peer.fit(X)
    peer.components_ = encoder.projection_
    return X, encoder, peer


def encode(X, encoder, peer):
    return encoder.transform(X)


def project_and_partition(X, encoder, peer):
    """Project with scikit-learn, centre, partition with NumPy, and build the CSR matrix."""
    H = peer.transform(X)
    H = (H.toarray() if sp.issparse(H) else H) + encoder.offset_
    winners = largest_by_partition(H, encoder.n_active)
    starts = np.arange(0, winners.size + 1, encoder.n_active)
    return sp.csr_matrix((np.ones(winners.size, np.float32), winners.ravel(), starts), H.shape)


def multiply(X, encoder, peer):
    return X @ encoder.projection_.T


def same_codes(inputs, ours, theirs):
    """Compare two codes; sums in another order may exchange winners that are all but equal."""
    assert abs(ours - theirs).nnz < 1e-4 * ours.nnz


ENCODE = Task(
    "encode to CSR, n = 10,000, d = 784, m = 20,000, k = 1,000",
    lambda: encoding("gaussian", GaussianRandomProjection(20_000)),
    [
        Side("esutils", encode),
        Side("GaussianRandomProjection + np.argpartition", project_and_partition, target=2),
        Side("X @ W.T, the floor: the bare product", multiply, target=1 / 1.25, floor=True),
    ],
    same_codes,
)
FLY = Task(
    "fly projection (fan-in 6) and k-WTA, the same sizes",
    lambda: encoding("fly", SparseRandomProjection(20_000, dense_output=True)),
    [
        Side("esutils", encode),
        Side("SparseRandomProjection + np.argpartition", project_and_partition, target=4),
    ],
    same_codes,
)


# Reading out


def readout_of_codes():
    X, encoder, _ = encoding("gaussian", GaussianRandomProjection(20_000))
    Z = encoder.transform(X)
    weights = np.random.default_rng(0).standard_normal((20_000, 10)).astype(np.float32)
    return Z, Z.toarray(), readout.LinearReadout(weights, np.zeros(10, np.float32), 0.0)


def same_outputs(inputs, ours, theirs):
    assert np.allclose(ours, theirs, atol=1e-2)


PREDICT = Task(
    "readout of k-WTA codes, 10,000 x 20,000, 10 targets",
    readout_of_codes,
    [
        Side("esutils", lambda Z, dense, fitted: fitted.predict(Z)),
        Side("dense @ weights", lambda Z, dense, fitted: dense @ fitted.weights, target=1.5),
    ],
    same_outputs,
)
