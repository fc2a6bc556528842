import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from esutils import mlp


def small_task(n=60, n_inputs=5, n_classes=3):
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, n_inputs)), np.arange(n) % n_classes


def numpy_forward(model, X):
    """Return the activity of the last hidden layer and the logits, without PyTorch."""
    for layer in model[:-1:2]:
        W, b = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        X = np.maximum(X.astype(np.float64) @ W.T + b, 0)
    return X, X @ model[-1].weight.detach().numpy().T + model[-1].bias.detach().numpy()


def weights(model):
    return torch.nn.utils.parameters_to_vector(model.parameters()).detach().numpy()


@pytest.mark.parametrize("hidden", [(7,), (8, 6), (4, 3, 5)])
def test_outputs_match_a_numpy_forward_pass(hidden):
    X, y = small_task()
    model = mlp.train_mlp(X, y, hidden=hidden, n_epochs=3)
    assert [layer.out_features for layer in model[::2]] == [*hidden, 3]
    activity, logits = numpy_forward(model, X)
    got = mlp.logits(model, X)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, logits, atol=1e-5)
    np.testing.assert_allclose(mlp.hidden_activity(model, X), activity, atol=1e-5)
    assert mlp.predict(model, X).dtype == np.int64
    np.testing.assert_array_equal(mlp.predict(model, X), got.argmax(axis=1))


def test_learns_the_digits():
    X, y = load_digits(return_X_y=True)
    X, X_new, y, y_new = train_test_split(X / 16, y, test_size=500, stratify=y, random_state=0)
    model = mlp.train_mlp(X, y, (200,), 10, learning_rate=3e-3, batch_size=50)
    assert np.mean(mlp.predict(model, X_new) != y_new) < 0.05
    shuffled = np.random.default_rng(0).permutation(y)
    fooled = mlp.train_mlp(X, shuffled, (200,), 2)
    assert np.mean(mlp.predict(fooled, X_new) != y_new) > 0.5


def test_seed_decides_the_network():
    X, y = small_task()
    first, again, other = (mlp.train_mlp(X, y, (20,), 2, random_state=s) for s in (3, 3, 4))
    np.testing.assert_array_equal(weights(first), weights(again))
    assert np.abs(weights(first) - weights(other)).max() > 0.1


def test_leaves_the_global_random_state_and_threads_alone():
    X, y = small_task()
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    model = mlp.train_mlp(X, y, (20, 10), 2)
    mlp.predict(model, X)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_first_weights_follow_hes_law_and_biases_start_at_zero():
    X, y = small_task(n_inputs=24)
    # one step of size 1e-9 leaves the initial network where it was
    model = mlp.train_mlp(X, y, (4000,), n_epochs=1, learning_rate=1e-9, batch_size=60)
    for layer, fan_in in ((model[0], 24), (model[2], 4000)):
        W = layer.weight.detach().numpy()
        bound = np.sqrt(6 / fan_in)
        assert np.abs(W).max() <= bound + 1e-8
        assert np.abs(W).max() > 0.99 * bound
        assert W.var() == pytest.approx(2 / fan_in, rel=0.03)
        assert np.abs(layer.bias.detach().numpy()).max() < 1e-8


def test_one_step_is_adam_on_the_mean_cross_entropy():
    X, y = small_task()
    rate = 0.01
    start = mlp.train_mlp(X, y, (8,), 1, learning_rate=1e-12, batch_size=60)
    moved = mlp.train_mlp(X, y, (8,), 1, learning_rate=rate, batch_size=60)
    activity, logits = numpy_forward(start, X)
    share = np.exp(logits - logits.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    gradient = (share - np.eye(3)[y]).T @ activity / len(X)
    # Adam's first step moves every weight by the rate, against the sign of its gradient
    step = (moved[2].weight - start[2].weight).detach().numpy()
    clear = np.abs(gradient) > 1e-4
    assert clear.sum() > 15
    np.testing.assert_allclose(step[clear], -rate * np.sign(gradient[clear]), rtol=1e-3)


def test_step_size_falls_linearly_to_zero(monkeypatch):
    X, y = small_task()
    seen, step = [], torch.optim.Adam.step

    def watched(self, *args, **kwargs):
        seen.append(self.param_groups[0]["lr"])
        return step(self, *args, **kwargs)

    monkeypatch.setattr(torch.optim.Adam, "step", watched)
    mlp.train_mlp(X, y, (4,), n_epochs=2, learning_rate=0.5, batch_size=25)
    np.testing.assert_allclose(seen, 0.5 * (1 - np.arange(6) / 6), rtol=1e-6)


def test_read_only_and_strided_arrays_serve_like_any_other():
    X, y = small_task()
    X = X.astype(np.float32)
    wide = np.repeat(X, 2, axis=1)[::-1]
    X.flags.writeable = y.flags.writeable = False  # as joblib hands them to its workers
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = mlp.train_mlp(X, y, (4,), 1)
        strided = mlp.train_mlp(wide[::-1, ::2], y.astype(np.uint16), (4,), 1)
        np.testing.assert_array_equal(mlp.logits(model, X), mlp.logits(strided, X))


def test_networks_are_evaluated_in_evaluation_mode():
    X, y = small_task()
    model = mlp.train_mlp(X, y, (4,), 1)
    assert not model.training
    mlp.logits(model.train(), X)
    assert not model.training


def test_unseen_classes_get_an_output():
    X, y = small_task()
    model = mlp.train_mlp(X, y, (4,), 1, n_classes=5)
    assert mlp.logits(model, X).shape == (60, 5)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("X", {"X": np.full((60, 5), np.nan)}),
        ("X", {"X": np.zeros(60)}),
        ("y", {"y": np.zeros(60)}),
        ("y", {"y": np.zeros(59, int)}),
        ("y", {"y": np.zeros((60, 1), int)}),
        ("y", {"y": np.arange(60) % 3 - 1}),
        ("y", {"n_classes": 2}),
        ("n_classes", {"n_classes": 1}),
        ("n_classes", {"y": np.zeros(60, int)}),
        ("hidden", {"hidden": ()}),
        ("hidden", {"hidden": 100}),
        ("hidden", {"hidden": (10, 0)}),
        ("hidden", {"hidden": (10.0,)}),
        ("n_epochs", {"n_epochs": 0}),
        ("learning_rate", {"learning_rate": 0}),
        ("learning_rate", {"learning_rate": np.inf}),
        ("batch_size", {"batch_size": 0}),
        ("random_state", {"random_state": None}),
        ("random_state", {"random_state": -1}),
    ],
)
def test_bad_input_is_refused_by_name(name, change):
    X, y = small_task()
    with pytest.raises(ValueError, match=rf"^{name} must"):
        mlp.train_mlp(**{"X": X, "y": y, **change})


def test_new_inputs_must_match_the_network():
    X, y = small_task()
    model = mlp.train_mlp(X, y, (4,), 1)
    for call in (mlp.logits, mlp.predict, mlp.hidden_activity):
        with pytest.raises(ValueError, match="^X must have 5 columns"):
            call(model, X[:, :4])


def run_python(code):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )


def test_torch_is_imported_only_when_asked_and_missed_by_name():
    answer = run_python(
        """
        import sys
        import esutils
        assert "torch" not in sys.modules
        sys.modules["torch"] = None
        from esutils import mlp
        """
    )
    assert "AssertionError" not in answer.stderr
    assert "ImportError: esutils.mlp needs PyTorch" in answer.stderr
    assert "esutils[torch]" in answer.stderr
