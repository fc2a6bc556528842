"""The model family: encoders that isolate what expand-and-sparsify is made of."""

from typing import Any

from esutils.common.checks import check_int
from esutils.layer.encoder import ExpandSparsify


def model_family(
    n_inputs: int, n_expanded: int, n_active: int, random_state: int = 0
) -> dict[str, ExpandSparsify]:
    """Return the encoders that isolate what expand-and-sparsify is made of.

    Parameters
    ----------
    n_inputs : int
        Number of inputs d.
    n_expanded : int
        Number of units m of the expanding members.
    n_active : int
        Number of active units k of ``expand_sparsify``; ``sparsify_only`` has the same sparsity.
    random_state : int
        Seed shared by all members: the three Gaussian expansions use the same rows.

    Returns
    -------
    dict of str to ExpandSparsify
        - ``linear``: the centred inputs.
        - ``expand_linear``: a random projection, nothing after it.
        - ``sparsify_only``: k-winner-take-all on a random rotation of the inputs.
        - ``expand_dense``: random Fourier features, a dense nonlinearity.
        - ``expand_sparsify``: the same projection, then k-winner-take-all.

        Each is read out by the same linear readout. The trained network, ``mlp``, is in
        :mod:`esutils.networks.mlp`.

    Notes
    -----
    Chapter: 04-random-networks.

    Examples
    --------
    >>> from esutils import data, model_family
    >>> X = data.load_digits().X_train
    >>> members = model_family(n_inputs=64, n_expanded=400, n_active=20)
    >>> [member.fit_transform(X).shape[1] for member in members.values()]
    [64, 400, 64, 400, 400]
    """
    check_int("n_active", n_active, high=check_int("n_expanded", n_expanded))
    check_int("n_inputs", n_inputs)
    check_int("random_state", random_state, low=0)
    rotated_active = max(1, round(n_inputs * n_active / n_expanded))
    members: dict[str, dict[str, Any]] = {
        "linear": dict(n_expanded=n_inputs, law="none", sparsifier="identity"),
        "expand_linear": dict(n_expanded=n_expanded, sparsifier="identity"),
        "sparsify_only": dict(n_expanded=n_inputs, law="rotation", n_active=rotated_active),
        "expand_dense": dict(n_expanded=n_expanded, sparsifier="cosine"),
        "expand_sparsify": dict(n_expanded=n_expanded, n_active=n_active),
    }
    return {
        name: ExpandSparsify(**settings, random_state=random_state)
        for name, settings in members.items()
    }
