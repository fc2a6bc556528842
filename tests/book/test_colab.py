"""The first cell of every page: it does nothing here, and in Colab it fetches the book."""

import json
import subprocess
import sys

import pytest

from tests.helpers.pages import NOTEBOOKS, ROOT, code_cells
from tests.helpers.serving import serve
from tools import colab

CELL = code_cells(NOTEBOOKS[0])[0].source
STUB = "import sys, types; sys.modules['google.colab'] = types.ModuleType('google.colab')\n"


def test_every_page_begins_with_it():
    for page in NOTEBOOKS:
        cell = code_cells(page)[0]
        assert cell.source == CELL and cell.metadata["tags"] == ["remove-cell"], page


def run(code, **options):
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, **options)


def test_elsewhere_it_does_nothing(tmp_path):
    found = run(CELL + "\nprint(sorted(sys.modules.keys() & {'json', 'urllib.request'}))")
    assert found.stdout.strip() == "[]"


@pytest.fixture
def sessions(tmp_path):
    """Answer as Colab's server does about the notebook that runs, with the path in a file."""
    (tmp_path / "api").mkdir()

    with serve(tmp_path) as port:
        yield tmp_path / "api" / "sessions", str(port)


@pytest.mark.skipif(sys.platform == "win32", reason="Colab runs Linux")
@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("fileId=https%3A%2F%2Fgithub.com%2Fowner%2Fbook%2Fblob%2Fdraft%2Fintro.ipynb", ""),
        ("fileId=a-copy-in-the-drive", "https://github.com/owner/book/blob/draft/intro.ipynb"),
    ],
    ids=["opened from GitHub", "opened from elsewhere"],
)
def test_in_colab_it_clones_the_branch_it_was_opened_from(sessions, tmp_path, path, typed):
    answer, port = sessions
    answer.write_text(json.dumps([{"path": path}]))
    origin, home = tmp_path / "owner" / "book", tmp_path / "home"
    origin.mkdir(parents=True)
    home.mkdir()
    (origin / "tools").mkdir()
    (origin / "tools" / "colab.py").write_text("print('installed from', __file__)")
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "-q", "-b", "draft"], ["add", "."], [*who, "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=origin, check=True)
    environ = {
        "PATH": subprocess.os.environ["PATH"],
        "HOME": str(home),
        "COLAB_JUPYTER_IP": "127.0.0.1",
        "KMP_TARGET_PORT": port,
        "GIT_CONFIG_COUNT": "1",  # the clone comes from the folder above
        "GIT_CONFIG_KEY_0": f"url.file://{tmp_path}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
    }
    for _ in range(2):  # a second run finds the book there
        found = run(STUB + CELL, env=environ, input=typed, cwd=home)
        assert found.stdout.endswith(f"installed from {home}/book/tools/colab.py\n")


def test_numpy_and_torch_stay_as_they_are(monkeypatch):
    commands = []
    monkeypatch.setattr(colab.subprocess, "run", lambda command, check: commands.append(command))
    colab.install()
    needed, book = commands
    installed = {found.name.lower(): found.version for found in colab.metadata.distributions()}
    assert {f"numpy=={installed['numpy']}", f"torch=={installed['torch']}"} <= set(needed)
    assert "ipywidgets>=8.1" in needed
    assert book[-2:] == ["--no-deps", str(ROOT)]
