"""Programs killed by SIGKILL, at a named point or at any moment, and what they leave."""

import contextlib
import os
import signal
import subprocess
import sys

import pytest

from tests.helpers.pages import ROOT

# What a program does first, to be killed at a point. {limit} bytes are too few for its files.
POINTS = {
    "in the middle of a write": """
import resource, signal
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
""",
    "before it is on the disk": "import os; os.fsync = lambda file: os.kill(os.getpid(), 9)\n",
    "before it has its name": "import os; os.replace = lambda *paths: os.kill(os.getpid(), 9)\n",
    "once it has its name": """
import os
def replace_and_die(*paths, replace=os.replace):
    replace(*paths)
    os.kill(os.getpid(), 9)
os.replace = replace_and_die
""",
}


def start(folder, program, *arguments, **options):
    """Start a program, in a session of its own so that it can be killed with all it starts."""
    if sys.platform == "win32":
        pytest.skip("Windows has neither SIGKILL nor a limit on a file's size")
    paths = os.pathsep.join(str(ROOT / name) for name in ("", "paper", "tests"))
    variables = {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", "ES_LEDGER": "record"}
    options = {"env": os.environ | variables, "start_new_session": True} | options
    return subprocess.Popen([sys.executable, "-c", program, *arguments], cwd=folder, **options)


def kill(process):
    """Kill a program and what it started, and wait for its end."""
    with contextlib.suppress(ProcessLookupError):  # it was faster
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def kill_at(point, folder, program, limit=1):
    """Run a program up to the point at which it is killed."""
    process = start(folder, POINTS[point].format(limit=limit) + program)
    assert process.wait() in (-signal.SIGKILL, -signal.SIGXFSZ)
    kill(process)  # what it started


def end(*processes):
    """Wait for processes; all of them must end well."""
    assert not any([process.wait() for process in processes])


def lay(folder, files):
    """Write files into a folder; return it."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def contents(folder):
    """Return the bytes of a folder's files by name, but for those that were not finished."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return {name: content for name, content in found.items() if ".partial-" not in name}


def assert_whole(folder, earlier, after):
    """Every file is as it was earlier or as it is in the end; return what is there."""
    found = contents(folder)
    assert earlier.keys() <= found.keys()
    for name, content in found.items():
        assert content in (earlier.get(name), after.get(name)), name
    return found
