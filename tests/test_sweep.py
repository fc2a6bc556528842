"""Seeds run side by side, in order, wherever the experiment was defined."""

import os

import joblib
import pytest

from esutils.sweep import over_seeds


def test_results_come_in_the_order_of_the_seeds_from_other_processes():
    offset = 10

    def experiment(seed):
        return seed + offset, os.getpid()

    results = over_seeds(experiment, range(6))
    assert [value for value, _ in results] == [10, 11, 12, 13, 14, 15]
    assert os.getpid() not in {process for _, process in results}


def test_an_error_in_one_seed_reaches_the_reader():
    def experiment(seed):
        raise ValueError(f"seed {seed} went wrong")

    with pytest.raises(ValueError, match="seed 3 went wrong"):
        over_seeds(experiment, [3])


def test_the_backend_can_be_chosen():
    with joblib.parallel_config(backend="sequential"):
        assert over_seeds(lambda seed: os.getpid(), [0]) == [os.getpid()]


@pytest.mark.parametrize(("mode", "shown"), [("check", False), ("", True)])
def test_progress_is_shown_to_a_reader_and_not_recorded(monkeypatch, capsys, mode, shown):
    monkeypatch.setenv("ES_VERDICTS", mode)
    with joblib.parallel_config(backend="sequential"):
        over_seeds(abs, [1, 2])
    assert ("seeds" in capsys.readouterr().err) == shown
