"""Verdicts are judged when a page is built, from the samples that the runs stored.

The role {verdict}`claim-id` shows a claim's verdicts. What a page printed when it was executed is
rendered anew: a chapter's table of verdicts, the table of the abstract's sentences, tables of
effects, and the boxes of the first edition. Missing or stale samples are a warning, and so fail the
build.
"""

import contextlib
import functools
import re

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from esutils import claims, effects, first_edition, scale, scorecard
from esutils.evidence.verdict_table import VerdictTable

LOGGER = logging.getLogger(__name__)
NAMES = scale.NAMES | {"simulation": "simulation"}
BOX = re.compile(r'<div class="verdict" data-claim="([^"]+)" data-set="([^"]+)">.*?</div>', re.S)
CHAPTER = re.compile(r'<div class="verdicts" data-chapter="([^"]+)">.*?</div>', re.S)
ABSTRACT = re.compile(r'<div class="verdicts abstract" data-prefix="([^"]*)">.*?</div>', re.S)
TABLE = re.compile(
    r'<table class="effects" data-effect="([^"]+)" data-set="([^"]+)">.*?</table>', re.S
)


class VerdictRole(SphinxRole):
    """One pill for each data set: the verdict, and the data it was judged on."""

    def run(self):
        """Return the nodes of the pills."""
        try:
            with contextlib.chdir(self.env.srcdir):
                edition = claims if self.text in claims.load_claims() else first_edition
                claim = edition.load_claims()[self.text]
                words = {data: edition.recorded(claim, data).word for data in claim.data}
        except (KeyError, ValueError) as error:
            text = f"verdict {self.text}: {error}"
            return [], [self.inliner.reporter.warning(text, line=self.lineno)]
        return [_pill(word, NAMES[data]) for data, word in words.items()], []


def _pill(word, name):
    """Return the nodes of one verdict."""
    line = nodes.inline(classes=["verdict-line"])
    line += nodes.inline("", word, classes=[f"verdict-{word}"])
    line += nodes.Text(f" {name} ")
    return line


def judge_anew(app, doctree):
    """Render the verdicts and effects on a page from the samples that are stored today."""
    load_claims = functools.cache(first_edition.load_claims)  # once for a page, and not for most
    load_statistics = functools.cache(effects.load_statistics)

    def box(found):
        return first_edition.recorded(load_claims()[found[1]], found[2])._repr_html_()

    def table(found):
        return effects.recorded(load_statistics()[found[1]], found[2])._repr_html_()

    def chapter(found):
        return VerdictTable(found[1])._repr_html_()

    def abstract(found):
        return scorecard.AbstractTable(found[1])._repr_html_()

    with contextlib.chdir(app.srcdir):
        for node in doctree.findall(nodes.raw):
            try:
                text = TABLE.sub(table, BOX.sub(box, node.astext()))
                text = ABSTRACT.sub(abstract, CHAPTER.sub(chapter, text))
            except (KeyError, ValueError) as error:
                LOGGER.warning("a verdict cannot be judged: %s", error, location=node)
            else:
                node[:] = [nodes.Text(text)]
                node.rawsource = text


def setup(app):
    """Register the role and the rendering; pages keep no state of their own."""
    app.add_role("verdict", VerdictRole())
    app.connect("doctree-read", judge_anew)
    return {"parallel_read_safe": True}
