"""Install the package in Colab, from the clone that the first cell of a page has made.

NumPy, PyTorch and the like stay as Colab has them, so that nothing has to be restarted.
"""

import importlib
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEPT = ("numpy", "scipy", "scikit-learn", "numba", "pandas", "matplotlib", "torch")
NEEDED = ("ipywidgets>=8.1", "myst-nb", "mlxtend", "pooch", "seaborn")


def install():
    """Install the package and what it needs, without changing the versions in `KEPT`."""
    installed = {found.name.lower(): found.version for found in metadata.distributions()}
    kept = [f"{name}=={installed[name]}" for name in KEPT if name in installed]
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, *kept, *NEEDED], check=True)
    subprocess.run([*pip, "--no-deps", str(ROOT)], check=True)
    importlib.invalidate_caches()


if __name__ == "__main__":
    install()
    os.chdir(ROOT / "chapters")  # pages look for the ledger in the folder above
