"""Execute every page as other machines would, and record what came out differently.

A page that came out as it is stored, under the same variation and with the same code, is not run
again, so you can stop this at any time and start it again. Arguments name the variations to run.
"""

import datetime
import hashlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from cpuinfo import get_cpu_info

from esutils.common.checks import check_choice
from esutils.common.files import write_text
from tools.guards import ROOT, pages

RECORD = ROOT / "tools" / "benchmarks" / "reproduced.json"
TABLE = ROOT / "tools" / "benchmarks" / "REPRODUCED.md"
PACKAGE = ROOT / "esutils"
OLDEST = ROOT / ".oldest" / "bin" / "python"
MAX_LINES = 6  # that are kept of a difference
STYLE = re.compile(r"(\x1b|#x1B)\[[\d;]*m")

AVX2 = {
    "OPENBLAS_CORETYPE": "Haswell",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4,AVX512_ICL,AVX512_SPR",
}
SSE = {
    "OPENBLAS_CORETYPE": "Prescott",
    "MKL_CBWR": "COMPATIBLE",
    "ATEN_CPU_CAPABILITY": "default",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3,X86_V4,AVX512_ICL,AVX512_SPR",
    "NUMBA_CPU_NAME": "generic",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA",
}


class Variation(NamedTuple):
    """One way to execute the pages: so many side by side that their threads fill the cores."""

    says: str
    threads: int = 1
    kernels: dict = {}
    python: str = sys.executable


VARIATIONS = {
    "one thread": Variation("as `make test` does"),
    "again": Variation("once more, in another order"),
    "two threads": Variation("as `make execute` does on two cores", threads=2),
    "AVX2": Variation("with the kernels of a processor without AVX-512", kernels=AVX2),
    "SSE": Variation("with those of a processor without AVX", kernels=SSE),
    "oldest": Variation("with the oldest versions allowed", python=str(OLDEST)),
}


def run(variation, *arguments):
    """Run Python under a variation, in the root folder of the book."""
    names = ("LOKY_MAX_CPU_COUNT", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS")
    environment = os.environ | dict.fromkeys(names, str(variation.threads)) | variation.kernels
    compiled = ROOT / "_build" / "numba" / Path(variation.python).parents[1].name
    environment |= {"PYTHONPATH": str(ROOT), "ES_LEDGER": "check"}
    environment |= {"NUMBA_CACHE_DIR": str(compiled)}  # other versions cannot read it
    command = [variation.python, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def arithmetic(variation):
    """Return versions, kernels and results of the libraries under a variation."""
    done = run(variation, ROOT / "tools" / "arithmetic.py")
    if done.returncode:
        raise SystemExit(f"cannot calculate {variation.says}:\n{done.stderr}")
    return json.loads(done.stdout)


def differences(report):
    """Return the number of cells in a report of pytest, and for each that fails what differs."""
    cells = [*report.iter("testcase")]
    failed = {cell.get("name"): cell.find("failure") for cell in cells}
    return len(cells), {name: excerpt(f.text) for name, f in failed.items() if f is not None}


def excerpt(text):
    """Return what the page stored and what came out instead, or what went wrong."""
    lines = [line.rstrip() for line in STYLE.sub("", text).splitlines() if line.strip()]
    differing = [line.strip() for line in lines if re.match("  [-+] ", line)]
    return (differing or [lines[1], lines[-1]])[:MAX_LINES]


def execute(page, variation):
    """Compare what one page prints with what it stores; return None if the machine was too busy."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        options = ["-vv", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env"]
        sanitize = ["--nbval-sanitize-with", "tests/nbval_sanitize.cfg"]
        done = run(variation, "-m", "pytest", page, *options, *sanitize, "--junitxml", report)
        if done.returncode not in (0, 1):  # all as stored, or some not
            raise RuntimeError(done.stdout + done.stderr)
        if "seconds exceeded" in done.stdout:  # nbval waits five seconds for what a cell shows
            return None
        n_cells, differ = differences(ElementTree.parse(report))
    return {"date": str(datetime.date.today()), "cells": n_cells, "differ": differ}


def digest(page, variation, versions):
    """Return a hash of a page, of the package and of how the page is executed.

    It is coarse on purpose: any change of the page's code or outputs, or of any module, counts.
    """
    cells = json.loads(page.read_text(encoding="utf-8"))["cells"]
    code = [(cell["source"], cell["outputs"]) for cell in cells if cell["cell_type"] == "code"]
    modules = [path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))]
    parts = [code, modules, variation.threads, variation.kernels, versions]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def outcomes(name, record):
    """Execute what is not recorded yet under a variation, in random order; yield each page done."""
    variation = VARIATIONS[name]
    found = arithmetic(variation)
    other = variation.kernels or variation.python != sys.executable
    usual = arithmetic(Variation("", variation.threads if other else os.cpu_count()))
    changed = [what for what, x in found["results"].items() if x != usual["results"].get(what)]
    record["variations"][name] = {
        "says": variation.says,
        "versions": found["versions"],
        "kernels": found["kernels"],
        "changed": changed,
    }
    done = {page: record["pages"].setdefault(page.stem, {}).get(name, {}) for page in pages()}
    keys = {page: digest(page, variation, found["versions"]) for page in done}
    todo = [
        page
        for page, outcome in done.items()
        if outcome.get("digest") != keys[page] or outcome["differ"]
    ]
    random.Random(name).shuffle(todo)
    with ThreadPoolExecutor(max(1, os.cpu_count() // variation.threads)) as pool:
        started = {pool.submit(execute, page, variation): page for page in todo}
        for future in as_completed(started):
            page = started[future]
            if outcome := future.result():
                record["pages"][page.stem][name] = {"digest": keys[page], **outcome}
                yield page.stem
            else:
                print(f"{name}: {page.stem}: the machine was too busy; run it again", flush=True)


def said(outcome):
    """Return an outcome as an entry of the table."""
    if not outcome:
        return ""
    n_differ = len(outcome["differ"])
    return f"**{n_differ} of {outcome['cells']} differ**" if n_differ else str(outcome["cells"])


def lines(record):
    """Yield the lines of REPRODUCED.md."""
    ran = record["variations"]
    dates = sorted(found["date"] for row in record["pages"].values() for found in row.values())
    days = " to ".join(sorted({dates[0], dates[-1]}))
    yield from ("# Executed under other arithmetic", "", f"{days}.")
    yield f"{record['machine']}. Written by `make reproduce`."
    yield "An entry says how many cells of a page came out as they are stored, or how many did not."
    yield "Results that change are those of the libraries that differ in the last bit from a plain"
    yield "run with as many threads (for a variation of the threads: from a run on all cores)."
    yield from ("", "| variation | pages are executed | results that change | versions |")
    yield "|---|---|---|---|"
    for name, how in ran.items():
        versions = ", ".join(f"{what} {number}" for what, number in how["versions"].items())
        yield f"| {name} | {how['says']} | {', '.join(how['changed']) or 'none'} | {versions} |"
    yield from ("", f"| page | {' | '.join(ran)} |", "|---" * (len(ran) + 1) + "|")
    for page, row in record["pages"].items():
        yield f"| {page} | {' | '.join(said(row.get(name)) for name in ran)} |"
    for page, row in record["pages"].items():
        for name, found in row.items():
            for cell, differs in found["differ"].items():
                yield from ("", f"{page}, {name}, {cell}:", "", "```", *differs, "```")


def write(record):
    """Write the record and its table."""
    write_text(RECORD, json.dumps(record, indent=1) + "\n")
    write_text(TABLE, "\n".join(lines(record)) + "\n")


if __name__ == "__main__":
    record = {"machine": "", "variations": {}, "pages": {}}
    if RECORD.exists():
        record = json.loads(RECORD.read_text(encoding="utf-8"))
    record["machine"] = f"{get_cpu_info()['brand_raw']}, {os.cpu_count()} cores"
    for name in [check_choice("ONLY", name, VARIATIONS) for name in sys.argv[1:]] or VARIATIONS:
        for page in outcomes(name, record):
            print(f"{name}: {page}: {said(record['pages'][page][name])}", flush=True)
            write(record)
    rows = record["pages"].values()
    sys.exit(any(found["differ"] for row in rows for found in row.values()))
