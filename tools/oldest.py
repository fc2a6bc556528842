"""Print requirements.txt at the oldest versions that pyproject.toml allows.

PyTorch stays as pinned: its older builds without CUDA are only on PyTorch's own index.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def oldest():
    """Return versions by name: the lower bound if there is one, else the pinned version."""
    pinned = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    allowed = [*project["dependencies"], *sum(project["optional-dependencies"].values(), [])]
    bounds = dict(entry.split(">=") for entry in allowed)
    pins = dict(re.findall(r"^([\w-]+)==(\S+)", pinned, re.M))
    del bounds["torch"], pins["dask"]  # distributed brings the dask of its own version
    return pins | bounds


if __name__ == "__main__":
    print("\n".join(f"{name}=={version}" for name, version in oldest().items()))
