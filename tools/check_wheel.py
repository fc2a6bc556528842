"""Check that the installed package works in its own environment, without PyTorch."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import esutils

assert importlib.util.find_spec("torch") is None, "this environment has PyTorch"
assert Path(esutils.__file__).is_relative_to(sys.prefix), f"not the installed one: {esutils}"
HOME = Path(esutils.__file__).parent
assert (HOME / "py.typed").is_file()
assert (HOME / "chapters" / "18-your-own-data.ipynb").is_file()

from sklearn.datasets import load_digits  # noqa: E402

from esutils import data  # noqa: E402
from esutils.estimators import ExpandSparsifyClassifier  # noqa: E402

assert data.load_fashion10k().X_train.shape == (8000, 784)

X, y = load_digits(return_X_y=True)
assert ExpandSparsifyClassifier(500, random_state=0).fit(X[::2], y[::2]).score(X, y) > 0.9
for name in ("mlp", "tickets", "experiments"):
    try:
        getattr(esutils, name)
    except ImportError as error:
        assert "expand-and-sparsify[torch]" in str(error), error
    else:
        raise AssertionError(f"{name} loaded without PyTorch")
command = [sys.executable, "-I", "-m", "esutils", "--help"]
shown = subprocess.run(command, capture_output=True, text=True)
assert shown.returncode == 0 and "examples:" in shown.stdout
print("ok")
