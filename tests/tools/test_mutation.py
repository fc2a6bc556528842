"""The report on mutants counts and describes them, and refuses survivors without a reason."""

import json

import pytest

from tools import mutation

DIFF = """# {name}: survived
--- esutils/room/toy.py
+++ esutils/room/toy.py
@@ -1,3 +1,3 @@
 def half(x):
-    return {{"of": x / 2 - 1}}
+    return {{"of": x / 2 - {number}}}
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a function that writes the report on mutants of these fates, and returns it."""
    (tmp_path / "tests").mkdir()
    monkeypatch.chdir(tmp_path)

    def report(*fates):
        names = [f"esutils.room.toy.xǁToyǁhalf__mutmut_{at}" for at in range(len(fates))]

        def mutmut(command, name, *_):
            if command == "show":
                return DIFF.format(name=name, number=name[-1])
            return "".join(f"    {n}: {fate}\n" for n, fate in zip(names, fates, strict=True))

        monkeypatch.setattr(mutation, "mutmut", mutmut)
        wrong = mutation.main()
        return wrong, mutation.REPORT.read_text(encoding="utf-8")

    return report


def test_the_report_counts_and_describes(run):
    wrong, text = run(*["killed"] * 7, "segfault", "survived", "timeout")
    assert "| `room.toy` | 10 | 9 | 1 | 90 |\n| `all` | 10 | 9 | 1 | 90 |\n" in text
    item = '- `Toy.half`: `return {"of": x / 2 - 1}` becomes `return {"of": x / 2 - 8}`\n'
    assert text.endswith(f"\n## room.toy\n\n{item}  no reason is known\n")
    assert wrong == "survivors without a reason: 1"


def test_a_reason_stays_for_as_long_as_its_mutant_survives(run):
    _, text = run(*["killed"] * 8, "survived", "killed")
    mutation.REPORT.write_text(text.replace("no reason is known", "It is a toy."), encoding="utf-8")
    wrong, again = run(*["killed"] * 8, "survived", "killed")
    assert wrong == 0 and again.endswith("2 - 8}`\n  It is a toy.\n")
    wrong, other = run(*["killed"] * 9, "survived")
    assert wrong and "toy." not in other and "no reason is known" in other


def test_too_few_killed_is_a_failure(run):
    assert run(*["killed"] * 5, "survived")[0] == "only 83.3% are killed"


@pytest.mark.parametrize("fate", ["no tests", "not checked", "suspicious"])
def test_a_mutant_that_was_not_tried_is_refused(run, fate):
    with pytest.raises(RuntimeError, match=f"half__mutmut_1: {fate}; run mutmut again"):
        run("killed", fate)


def test_a_mutant_whose_tests_did_not_run_is_no_timeout(run, tmp_path):
    meta = tmp_path / "mutants" / "esutils" / "room" / "toy.py.meta"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"exit_code_by_key": {"half__mutmut_0": 1, "half__mutmut_1": 255}}))
    with pytest.raises(RuntimeError, match="half__mutmut_1: pytest did not run"):
        run("killed", "timeout")
