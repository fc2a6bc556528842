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
    full = {"mnist5k": "mnist", "fashion10k": "fashion-mnist", "digits": "fashion-mnist"}
    assert {name: scale.counterpart(name, "paper") for name in full} == full
    assert [full[name] for name in scale.SETS["quick"]] == [*scale.SETS["paper"]]
    for name in (*scale.NAMES, "simulation"):
        assert scale.counterpart(name, "quick") == name
    assert scale.counterpart("simulation", "paper") == "simulation"
    with pytest.raises(ValueError, match="scale must be one of"):
        scale.counterpart("mnist5k", "large")


def test_every_set_has_a_loader_a_size_a_name_and_a_title():
    sets = {*scale.SETS["quick"], *scale.SETS["paper"]}
    assert sets == {*scale.LOADERS} == {*scale.POOL_SIZES} == {*scale.NAMES} - {"digits"}
    assert scale.TITLES["fashion10k"] == "Fashion-10k, 28 × 28 pixels"
    assert scale.TITLES["digits"] == "digits, 8 × 8 pixels"


def test_pools_of_the_quick_scale_have_the_sizes_that_we_state(monkeypatch):
    monkeypatch.setenv("ES_SCALE", "quick")
    for name, split in scale.pools().items():
        assert len(split.y_train) == scale.POOL_SIZES[name] and len(split.y_test) == 2000
        assert split.name == name


def test_splits_of_the_quick_scale_are_the_first_editions(monkeypatch):
    monkeypatch.setenv("ES_SCALE", "")
    sizes = {name: (len(s.y_train), len(s.y_test)) for name, s in scale.splits().items()}
    assert sizes == {"mnist5k": (4000, 1000), "digits": (1437, 360)}


def test_at_the_literatures_scale_pools_and_splits_are_the_full_sets(monkeypatch):
    monkeypatch.setenv("ES_SCALE", "paper")
    for name in scale.LOADERS:
        monkeypatch.setitem(scale.LOADERS, name, lambda name=name: f"the split of {name}")
    full = {"mnist": "the split of mnist", "fashion-mnist": "the split of fashion-mnist"}
    assert scale.pools() == scale.splits() == full
