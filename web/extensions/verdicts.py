"""The role {verdict}`claim-id`: a claim's recorded verdicts, read when the page is built.

A missing or stale record is a warning, and so fails the build.
"""

import contextlib

from docutils import nodes
from sphinx.util.docutils import SphinxRole

from esutils import claims

NAMES = {"mnist5k": "MNIST-5k", "digits": "digits", "simulation": "simulation"}


class VerdictRole(SphinxRole):
    """One pill a data set: the verdict, then the data it was judged on."""

    def run(self):
        """Return the nodes of the pills."""
        try:
            with contextlib.chdir(self.env.srcdir):
                claim = claims.load_claims()[self.text]
                words = {data: claims.recorded(claim, data)["verdict"] for data in claim.data}
        except (KeyError, ValueError) as error:
            text = f"verdict {self.text}: {error}"
            return [], [self.inliner.reporter.warning(text, line=self.lineno)]
        return [_pill(word, NAMES[data]) for data, word in words.items()], []


def _pill(word, name):
    """Return the nodes of one verdict: the word, then the data it was judged on."""
    line = nodes.inline(classes=["verdict-line"])
    line += nodes.inline("", word, classes=[f"verdict-{word}"])
    line += nodes.Text(f" {name} ")
    return line


def setup(app):
    """Register the role; pages keep no state of their own."""
    app.add_role("verdict", VerdictRole())
    return {"parallel_read_safe": True}
