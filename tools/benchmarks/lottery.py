"""Lottery tickets: the whole table of networks."""

import numpy as np
import torch

from esutils import data, mlp, sweep, tickets, training
from tools.benchmarks.tasks import Side, Task

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
    lambda: (data.load_mnist5k(n_test=1000),),
    [
        Side("esutils", tickets_in_processes),
        Side("plain PyTorch loop", tickets_in_turn, target=1.3),
    ],
    same_table,
    turns=1,
)
