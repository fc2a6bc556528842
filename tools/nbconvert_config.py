"""How `make execute` runs a page: ten minutes per cell, the same file each time, written whole."""

from pathlib import Path

import nbformat
from nbconvert.preprocessors import Preprocessor
from nbconvert.writers import FilesWriter

from esutils.common.files import write_text

WIDGETS = "application/vnd.jupyter.widget-state+json"


class Stable(Preprocessor):
    """Remove or rename whatever differs between two runs of the same code."""

    def preprocess(self, nb, resources):
        """Keep the fixed kernel and the widgets' state; number the widgets in order of creation."""
        kept = {name: nb.metadata[name] for name in ("mystnb", "widgets") if name in nb.metadata}
        widgets = kept.get("widgets", {})
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
        nb.metadata |= kept
        text = nbformat.writes(nb)
        for number, model_id in enumerate(widgets.get(WIDGETS, {}).get("state", {})):
            text = text.replace(model_id, f"{number:032x}")
        return nbformat.reads(text, as_version=4), resources


def write(self, output, resources, notebook_name):
    """Write a notebook in one step, so that a stopped run keeps the old one; return its path."""
    folder = self.build_directory or resources["metadata"]["path"]
    path = Path(folder, notebook_name + resources["output_extension"])
    write_text(path, output)
    return path


FilesWriter.write = write  # a class of ours would need a module to be imported from

c = get_config()  # noqa: F821
c.ExecutePreprocessor.kernel_name = "python3"
c.ExecutePreprocessor.timeout = 600
c.ExecutePreprocessor.record_timing = False
c.NotebookExporter.preprocessors = ["nbconvert.preprocessors.CoalesceStreamsPreprocessor", Stable]
