"""Start programs, kill them at a named point or at any moment, and look at what they leave."""

import contextlib
import os
import signal
import subprocess
import sys

import pytest

from tests.helpers import programs
from tests.helpers.pages import ROOT


def start(folder, program, *arguments, dies="never", limit=0):
    """Start one of `programs` in a folder; it waits until it is released.

    It is the first process of a new session, so that it can be killed with all that it starts.
    """
    if sys.platform == "win32":
        pytest.skip("Windows has neither SIGKILL nor a limit on a file's size")
    command = [sys.executable, "-m", programs.__name__, dies, str(limit), program.__name__]
    variables = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "ES_LEDGER": "record"}
    return subprocess.Popen(
        [*command, *arguments],
        cwd=folder,
        env=os.environ | variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def release(*processes):
    """Wait until all processes have loaded what they need, and let them begin at once."""
    for process in processes:
        said = []
        for line in process.stdout:
            said.append(line)
            if line == "begun\n":
                break
        assert said and said[-1] == "begun\n", "".join(said)
    for process in processes:
        process.stdin.close()
        process.stdin = None  # communicate would flush it


def end(*processes):
    """Release processes and wait for them; all of them must end well."""
    release(*processes)
    said = [process.communicate()[0] for process in processes]
    assert not any(process.returncode for process in processes), "\n".join(said)


def kill(process):
    """Kill a process and what it started, and wait for its end."""
    with contextlib.suppress(ProcessLookupError):  # it was faster
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def kill_at(point, folder, program, limit=1):
    """Run a program up to the point at which it kills itself."""
    process = start(folder, program, dies=point, limit=limit)
    release(process)
    assert process.wait() in (-signal.SIGKILL, -signal.SIGXFSZ), process.stdout.read()
    kill(process)  # what it started


def lay(folder, files):
    """Write files into a folder; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def contents(folder):
    """Return the bytes of a folder's files by name, without those that were not finished."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return {name: content for name, content in found.items() if ".partial-" not in name}


def assert_whole(folder, earlier, after):
    """Compare every file with what it was earlier and is in the end; return what is there."""
    found = contents(folder)
    assert earlier.keys() <= found.keys()
    for name, content in found.items():
        assert content in (earlier.get(name), after.get(name)), name
    return found
