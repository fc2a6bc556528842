"""Write tests/mutants.md: how many mutants the tests kill, which survive, and why they do no harm.

Run it after ``mutmut run``, in the root folder of the book (``make mutation`` does both). A reason
in the report is kept as long as the same change of the same function survives. It fails if too few
mutants are killed, or if a survivor has no reason.
"""

import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from esutils.common.files import write_text

REPORT = Path("tests/mutants.md")
LEAST = 90  # percent
NO_REASON = "  no reason is known"
NOT_RUN = 255  # how a mutant's tests end if pytest refuses to run; mutmut calls it a timeout
HEAD = """# Mutants

`make mutation` changes the code of some modules in one place after another and runs the tests that
reach the place. A mutant is killed if a test fails, crashes or does not end. The run wrote this
file; only the reasons are written by hand. Functions under a decorator other than `staticmethod`
are left unchanged, so this says nothing about properties and compiled loops.

| module | mutants | killed | survive | killed, % |
|---|---|---|---|---|
"""


def mutmut(*arguments):
    """Return what mutmut prints."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def results():
    """Return which mutants were killed, by module."""
    for path in Path("mutants").rglob("*.meta"):
        for name, code in json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"].items():
            if code == NOT_RUN:
                raise RuntimeError(f"{name}: pytest did not run; does it find every test's id?")
    found = defaultdict(dict)
    for line in mutmut("results", "--all", "true").splitlines():
        if "__mutmut_" in line:
            name, status = line.strip().split(": ")
            if status not in ("killed", "survived", "timeout", "segfault"):
                raise RuntimeError(f"{name}: {status}; run mutmut again")
            found[".".join(name.split(".")[1:-1])][name] = status != "survived"
    return found


def described(mutant):
    """Return the function that a mutant changes, and the line before and after."""
    lines = mutmut("show", mutant).splitlines()
    old, new = (
        " ".join(line[1:].strip() for line in lines if re.match(rf"[{sign}](?![{sign}])", line))
        for sign in "-+"
    )
    function = mutant.split(".")[-1].rpartition("__mutmut_")[0]
    function = function.removeprefix("xǁ").replace("ǁ", ".").removeprefix("x_")
    return f"- `{function}`: `{old}` becomes `{new}`"


def reasons():
    """Return the reasons that are written already, by mutant."""
    lines = REPORT.read_text(encoding="utf-8").splitlines() if REPORT.exists() else []
    pairs = zip(lines, lines[1:], strict=False)
    return {item: reason for item, reason in pairs if item.startswith("- ")}


def main():
    """Write the report; return what is wrong, or 0."""
    found, known, text = results(), reasons(), HEAD
    every = {
        "all": {name: killed for mutants in found.values() for name, killed in mutants.items()}
    }
    for module, mutants in (found | every).items():
        killed = sum(mutants.values())
        counts = f"{len(mutants)} | {killed} | {len(mutants) - killed}"
        text += f"| `{module}` | {counts} | {100 * killed / len(mutants):.0f} |\n"
    for module, mutants in found.items():
        text += f"\n## {module}\n\n"
        for name in (name for name, killed in mutants.items() if not killed):
            item = described(name)
            text += f"{item}\n{known.get(item, NO_REASON)}\n"
    write_text(REPORT, text)
    share = 100 * sum(every["all"].values()) / len(every["all"])
    if share < LEAST:
        return f"only {share:.1f}% are killed"
    return f"survivors without a reason: {text.count(NO_REASON)}" if NO_REASON in text else 0


if __name__ == "__main__":
    sys.exit(main())
