"""Execute the chapter on your own data with your table, and make one HTML page of it."""

import html
import sys
import tempfile
from pathlib import Path

import esutils

try:
    import ipykernel  # noqa: F401  (executes the chapter)
    import nbformat
    import papermill
    from nbconvert import HTMLExporter
    from nbconvert.preprocessors.sanitize import SanitizeHTML
except ImportError as error:
    message = f'a report needs {error.name}: pip install "expand-and-sparsify[report]"'
    raise ImportError(message) from error

CHAPTER = "18-your-own-data.ipynb"
_FOR_THE_BOOK = {"book", "remove-cell"}  # tags of cells that are about the book's own examples
_WIDGET = "application/vnd.jupyter.widget-view+json"
# The tags that the chapter writes; all others are shown as text.
_TAGS = ["b", "br", "dd", "div", "dl", "dt", "em", "h4", "small", "span", "strong"]
_TAGS += ["table", "tbody", "td", "th", "thead", "tr"]
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ max-width: 56rem; margin: 2rem auto; padding: 0 1rem; line-height: 1.5;
 font-family: system-ui, sans-serif; }}
img {{ max-width: 100%; height: auto; background: #fff; border-radius: 4px; }}
.jp-RenderedHTMLCommon, .output_html {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }}
th, td {{ padding: 0.3rem 0.6rem; text-align: left; vertical-align: top;
 border-bottom: 1px solid #8884; }}
.asked td:first-child {{ min-width: 16rem; }}
dt {{ font-weight: 600; }}
dd {{ margin: 0 0 0.6rem; }}
.anchor-link {{ display: none; }}
[class^="verdict-"] {{ padding: 0.05em 0.6em; border-radius: 1em; color: #fff; font-size: 0.85em;
 font-weight: 600; white-space: nowrap; }}
.verdict-holds {{ background: #1a7037; }}
.verdict-fails {{ background: #b3261e; }}
.verdict-undecided {{ background: #7a5900; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>What does a layer of random weights do on these rows, compared with a linear readout and a
trained network? These are the experiments of <em>Why Neural Networks Work</em>. The test error is
the share of test rows that get a wrong class or, if a number is to be predicted, the share of its
variance that stays unexplained. The intervals are 95% intervals for new resplits of such rows.</p>
{body}
</main>
<footer>esutils {version}</footer>
</body>
</html>
"""


def make(title, parameters):
    """Execute the cells of the chapter that belong in a report; return the page as text."""
    notebook = nbformat.read(chapter(), as_version=4)
    kept = [cell for cell in notebook.cells if not _FOR_THE_BOOK & _tags(cell)]
    notebook.cells = [cell for each in kept for cell in _captioned(each)]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, CHAPTER)
        nbformat.write(notebook, source)
        try:
            done = papermill.execute_notebook(
                source,
                None,
                parameters,
                cwd=folder,
                kernel_name="python3",
                stderr_file=sys.stderr,
                extra_arguments=["--log-level=ERROR"],  # the kernel warns about its transport
            )
        except papermill.PapermillExecutionError as error:
            raise RuntimeError(f"the chapter stopped, {error.ename}: {error.evalue}") from error
    done.metadata.pop("widgets", None)  # progress bars
    for cell in done.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                output for output in cell.outputs if _WIDGET not in output.get("data", {})
            ]
    exporter = HTMLExporter(
        template_name="basic",
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
        embed_images=True,
        preprocessors=[SanitizeHTML(enabled=True, tags=_TAGS, attributes={"*": ["class"]})],
    )
    body, _ = exporter.from_notebook_node(done)
    return _PAGE.format(title=html.escape(title), body=body, version=esutils.__version__)


def chapter():
    """Return the chapter's path: in the installed package, or beside the package in the book."""
    package = Path(esutils.__file__).parent
    installed = package / "chapters" / CHAPTER
    return installed if installed.is_file() else package.parent / "chapters" / CHAPTER


def _captioned(cell):
    """Return a cell and, if the book gives its figure a caption, the caption as another cell."""
    shown = cell.metadata.get("mystnb")
    if not shown:
        return [cell]
    cell.metadata["alt"] = shown["image"]["alt"]
    return [cell, nbformat.v4.new_markdown_cell(shown["figure"]["caption"])]


def _tags(cell):
    return set(cell.metadata.get("tags", ()))
