"""The work that is timed: what esutils does, and the same done with the libraries people know.

A task names its inputs, its sides, esutils first, and how their results are compared. A floor is
the least that esutils' way of doing the work needs: its main operations, bare, and no result.
``test_speed.py`` runs the tasks, ``table.py`` writes down what came out.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
import scipy.linalg as sl
import scipy.sparse as sp
import torch
from sklearn.linear_model import Ridge
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection
from threadpoolctl import threadpool_limits

from esutils import (
    ExpandSparsify,
    data,
    mlp,
    readout,
    ridgeless,
    sparsify,
    sweep,
    tickets,
    training,
)
from esutils._threads import in_blocks


@dataclass(frozen=True)
class Side:
    """One way to do a task; ``target`` says how many times faster esutils should be.

    A side that would take too long does ``part`` of the work, counted in operations. The result of
    a floor is not compared.
    """

    name: str
    work: Callable
    target: float | None = None
    part: float = 1
    floor: bool = False


@dataclass(frozen=True)
class Task:
    """One piece of work, and its sides: esutils first, at most one floor."""

    title: str
    make: Callable
    sides: list[Side]
    same: Callable
    turns: int = 5


def normal(*shape):
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


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
        Side("esutils", sparsify.winners),
        Side("esutils, one thread", one_thread(sparsify.winners)),
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
    fitted = ridgeless.minimum_norm_path(Z, Y, Z_test, widths)
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
    split = data.load_mnist5k()
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
    """Multiply as often as turning the smaller Gram matrix into a band takes: 2/3 of its n^3."""
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


# Lottery tickets

SEEDS, ROUNDS, EPOCHS = (0, 1), 20, 8  # two of the table's five seeds


def plain_fit(model, X, y, masks, seed):
    """Train as one would write it down: Adam, shuffled batches, masks after every step."""
    X, y = torch.tensor(X), torch.tensor(y)
    optimizer = torch.optim.Adam(model.parameters(), lr=1.2e-3)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(X), generator=generator).split(60):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(X[batch]), y[batch]).backward()
            optimizer.step()
            with torch.no_grad():
                for layer, mask in zip(mlp.linear_layers(model), masks, strict=True):
                    layer.weight *= mask
    return model


def our_fit(model, X, y, masks, seed):
    options = {"random_state": seed, "decay": False, "masks": masks}
    return training.fit(model, X, y, EPOCHS, 1.2e-3, 60, **options)


def ticket_errors(seed, train, split):
    """Return the test errors of the tickets at every density, and of three controls at three."""
    X, y = split.X_train, split.y_train
    first = mlp.initial_mlp(X.shape[1], (300, 100), 10, random_state=seed)

    def wrong(model, masks):
        train(model, X, y, masks, 1000 + seed)
        return np.mean(mlp.predict(model, split.X_test) != split.y_test)

    errors, masks = [], []
    rounds = tickets.iterative_pruning(
        first, lambda model, kept: errors.append(wrong(model, kept)), (0.2, 0.2, 0.1), ROUNDS
    )
    masks = [kept for kept, _ in rounds]
    other = mlp.initial_mlp(X.shape[1], (300, 100), 10, random_state=100 + seed)
    for at in (9, 15, 20):
        for start, kept in (
            (other, masks[at]),
            (first, tickets.random_masks(masks[at], seed)),
            (first, tickets.degree_preserving_masks(masks[at], seed)),
        ):
            errors.append(wrong(tickets.masked(start, kept), kept))
    return errors


def tickets_in_processes(split):
    return sweep.over_seeds(lambda seed: ticket_errors(seed, our_fit, split), SEEDS)


def tickets_in_turn(split):
    return [ticket_errors(seed, plain_fit, split) for seed in SEEDS]


def same_table(inputs, ours, theirs):
    """Compare the mean error over all networks: rounding parts ways, the table stays."""
    assert abs(np.mean(ours) - np.mean(theirs)) < 0.02


TICKETS = Task(
    "LeNet-300-100 ticket table, 30 networks a seed, two seeds",
    lambda: (data.load_mnist5k(),),
    [
        Side("esutils", tickets_in_processes),
        Side("plain PyTorch loop", tickets_in_turn, target=1.3),
    ],
    same_table,
    turns=1,
)

TASKS = {
    "select": SELECT,
    "encode": ENCODE,
    "fly": FLY,
    "curve": CURVE,
    "long-curve": LONG_CURVE,
    "ridge": ridge_task(10_000, 2_000),
    "dual-ridge": ridge_task(4_000, 10_000),
    "predict": PREDICT,
    "tickets": TICKETS,
}
