"""The scale says which of two values is used, and which data sets take each other's places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esutils import scale


@given(st.integers(), st.text(), st.sampled_from(["", "quick", "paper"]) | st.text("abc"))
def test_the_scale_chooses_one_of_two(quick, paper, said):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ES_SCALE", said)
        if said in ("", "quick", "paper"):
            assert scale.choose(quick, paper) == (paper if said == "paper" else quick)
        else:
            with pytest.raises(ValueError, match="ES_SCALE must be one of"):
                scale.choose(quick, paper)


def test_the_sets_of_the_literature_take_the_places_of_the_quick_ones():
    assert [scale.counterpart(name, "paper") for name in scale.SETS["quick"]] == [
        "mnist",
        "fashion-mnist",
    ]
    for name in (*scale.SETS["quick"], "simulation"):
        assert scale.counterpart(name, "quick") == name
    assert scale.counterpart("simulation", "paper") == "simulation"
    assert {*scale.SETS["quick"], *scale.SETS["paper"]} == {*scale.LOADERS} == {*scale.NAMES}


@pytest.mark.parametrize(("said", "names"), [("", ["mnist5k", "digits"]), ("paper", ["mnist"])])
def test_splits_are_those_of_the_scale(monkeypatch, said, names):
    monkeypatch.setenv("ES_SCALE", said)
    for name in scale.LOADERS:
        monkeypatch.setitem(scale.LOADERS, name, lambda name=name: f"the split of {name}")
    splits = scale.splits()
    assert [*splits][: len(names)] == names and len(splits) == 2
    assert all(split == f"the split of {name}" for name, split in splits.items())
