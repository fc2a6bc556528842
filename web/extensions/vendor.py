"""Serve the pages' third-party scripts from the book, where npm has installed them.

`_config.yml` names pinned addresses on a public network, with integrity hashes. If `npm ci` has
installed the same versions, they are copied beside the pages, and no page asks another host.
"""

import shutil
from pathlib import Path

from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
WIDGETS = "@jupyter-widgets/html-manager/dist"
MATHJAX = "mathjax/es5"
COPIED = {  # folder of a package -> what the pages may ask for
    WIDGETS: ["embed.js", "*.woff2"],
    MATHJAX: [
        "tex-chtml.js",
        "input/tex/extensions/*.js",
        "output/chtml/fonts/woff-v2/*.woff",
        "a11y/*.js",  # what a reader may switch on in the menu of a formula
        "sre/mathmaps/*.json",
    ],
}


def use_local_copies(app, config):
    """Point the pages at the copies, or say that they will ask the network."""
    modules = Path(app.srcdir) / "web" / "node_modules"
    if not all((modules / folder).is_dir() for folder in COPIED):
        LOGGER.info("No npm packages: pages fetch MathJax and the sliders' script online.")
        return
    config.mathjax_path = f"{MATHJAX}/tex-chtml.js"
    config.mathjax_options = {}
    config.nb_ipywidgets_js = {f"{WIDGETS}/embed.js": {"defer": "defer"}}
    app.connect("builder-inited", lambda app: copy(modules, Path(app.outdir) / "_static"))


def copy(modules, static):
    """Copy the files from the packages to the book's static files."""
    for folder, patterns in COPIED.items():
        for pattern in patterns:
            for path in (modules / folder).glob(pattern):
                target = static / path.relative_to(modules)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)


def drop_icon_script(app, exception):
    """Leave the icons to the theme's fonts, since its script of 540 kB would only redraw them."""
    script = Path(app.outdir) / "_static" / "scripts" / "fontawesome.js"
    if script.exists():
        script.write_text("// The style sheet has the icons.\n", encoding="utf-8")
        script.with_suffix(".js.map").unlink(missing_ok=True)


def setup(app):
    """Decide where scripts come from before the extensions that add them read their settings."""
    app.connect("config-inited", use_local_copies, priority=100)
    app.connect("build-finished", drop_icon_script)
    return {"parallel_read_safe": True}
