"""The wheel installs into an empty environment and works there without PyTorch."""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(*command, **options):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_wheel_works_alone(tmp_path):
    run(sys.executable, "-m", "pip", "wheel", ROOT, "--no-deps", "-w", tmp_path)
    [wheel] = tmp_path.glob("esutils-*.whl")
    venv.create(tmp_path / "alone", with_pip=True)
    scripts = "Scripts" if sys.platform == "win32" else "bin"
    python = tmp_path / "alone" / scripts / "python"
    run(python, "-m", "pip", "install", wheel)
    assert run(python, ROOT / "tools" / "check_wheel.py", cwd=tmp_path) == "ok\n"
