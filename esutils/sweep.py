"""Run an experiment over seeds, side by side."""

import warnings

import joblib

from esutils._progress import progress


def over_seeds(experiment, seeds):
    """Run ``experiment(seed)`` for every seed, as many at once as there are cores.

    Parameters
    ----------
    experiment : callable
        Takes a seed and returns anything that can be pickled. It may be defined in a notebook.
    seeds : sequence
        Seeds, or whatever else tells one run from another.

    Returns
    -------
    list
        One result a seed, in the order of ``seeds``.

    Notes
    -----
    joblib gives each process an equal share of the cores for its linear algebra. Which backend
    runs the seeds can be chosen with :func:`joblib.parallel_config`. Progress is shown where a
    reader may be waiting, not where the run is recorded or checked (``ES_VERDICTS`` set).
    """
    seeds = list(seeds)
    runs = joblib.Parallel(n_jobs=-1, return_as="generator")(
        joblib.delayed(experiment)(seed) for seed in seeds
    )
    with warnings.catch_warnings():
        # A process that has grown is replaced by a fresh one; joblib warns, and loses nothing.
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")
        return list(progress(runs, len(seeds), "seeds"))
