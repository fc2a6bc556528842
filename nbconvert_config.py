"""How `make execute` runs a chapter: ten minutes a cell, and nothing random left behind."""

import nbformat
from nbconvert.preprocessors import Preprocessor

WIDGETS = "application/vnd.jupyter.widget-state+json"


class Stable(Preprocessor):
    """Drop or rename what differs between two runs of the same code."""

    def preprocess(self, nb, resources):
        """Keep the fixed kernel and the widgets' state; number the widgets in order of creation."""
        widgets = nb.metadata.get("widgets", {})
        nb.metadata = nbformat.from_dict(
            {
                "kernelspec": {
                    "display_name": "Python 3 (ipykernel)",
                    "language": "python",
                    "name": "python3",
                },
                "language_info": {"name": "python", "pygments_lexer": "ipython3"},
            }
        )
        if widgets:
            nb.metadata["widgets"] = widgets
        text = nbformat.writes(nb)
        for number, model_id in enumerate(widgets.get(WIDGETS, {}).get("state", {})):
            text = text.replace(model_id, f"{number:032x}")
        return nbformat.reads(text, as_version=4), resources


c = get_config()  # noqa: F821
c.ExecutePreprocessor.kernel_name = "python3"
c.ExecutePreprocessor.timeout = 600
c.ExecutePreprocessor.record_timing = False
c.NotebookExporter.preprocessors = ["nbconvert.preprocessors.CoalesceStreamsPreprocessor", Stable]
