"""What the build decides: where scripts come from, which buttons there are, where pages moved."""

import base64
import hashlib
import importlib
import inspect
import posixpath
import re
import subprocess
from types import SimpleNamespace

import pytest
import yaml
from sphinx.util.inventory import InventoryFile

import esutils
from tests.helpers.pages import PAGES, ROOT
from web.extensions import repository, vendor

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]
MODULES = ROOT / "web" / "node_modules"
needs_npm = pytest.mark.skipif(
    not (MODULES / vendor.MATHJAX).is_dir(), reason="no web/node_modules"
)


def settings():
    return SimpleNamespace(
        mathjax_path=CONFIG["mathjax_path"],
        mathjax_options=CONFIG["mathjax_options"],
        nb_ipywidgets_js=CONFIG["nb_ipywidgets_js"],
        html_theme_options={},
    )


def test_without_npm_scripts_come_pinned_and_the_build_says_so(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(vendor.LOGGER, "info", said.append)
    config = settings()
    vendor.use_local_copies(SimpleNamespace(srcdir=tmp_path), config)
    assert config == settings()
    assert "pages fetch MathJax and the sliders' script online" in said[0]


@needs_npm
def test_pinned_scripts_are_those_of_the_lock_file():
    [(widgets, widget_options)] = CONFIG["nb_ipywidgets_js"].items()
    for address, options in (
        (CONFIG["mathjax_path"], CONFIG["mathjax_options"]),
        (widgets, widget_options),
    ):
        package, _, rest = address.partition("/npm/")[2].rpartition("@")
        version, _, path = rest.partition("/")
        source = MODULES / package
        assert f'"version": "{version}"' in (source / "package.json").read_text(encoding="utf-8")
        digest = hashlib.sha384((source / path).read_bytes()).digest()
        assert options["integrity"] == f"sha384-{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize(
    ("remote", "name"),
    [
        ("https://github.com/owner/book.git", "owner/book"),
        ("https://github.com/owner/book", "owner/book"),
        ("https://user:secret@github.com/owner/my.book.git", "owner/my.book"),
        ("git@github.com:owner/book.git", "owner/book"),
        ("ssh://git@github.com/owner/book/", "owner/book"),
        ("https://gitlab.com/owner/book.git", None),
        ("https://notgithub.com/owner/book", None),
        ("/srv/book", None),
    ],
)
def test_address_comes_from_the_remote(tmp_path, remote, name):
    for command in (["init", "-q", "-b", "draft"], ["remote", "add", "origin", remote]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    assert repository.find(tmp_path, {}) == (name and (name, "draft"))


def test_address_comes_from_the_workflow_first(tmp_path):
    environ = {"GITHUB_REPOSITORY": "a/b", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "c"}
    assert repository.find(tmp_path, environ) == ("a/b", "c")
    assert repository.find(tmp_path, environ | {"GITHUB_REF_TYPE": "tag"}) == ("a/b", "main")


def test_without_an_address_there_are_no_buttons(tmp_path, monkeypatch):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    config = settings()
    repository.add_buttons(SimpleNamespace(srcdir=tmp_path), config)
    assert config.html_theme_options == {}


def test_every_page_that_has_moved_is_found_at_its_old_address(site):
    pages = {page.removeprefix("pages/") for page in PAGES if page.startswith("pages/")}
    assert pages - {"tuning"} <= set(CONFIG["redirects"])  # that page is new
    for page, address in CONFIG["redirects"].items():
        old = site / f"{page}.html"
        assert re.findall(r"url=([^\"]+)", old.read_text(encoding="utf-8")) == [address]
        assert (old.parent / address).is_file() and page not in PAGES


def public(module):
    """Return the full names of the functions and classes that a documented module offers."""
    found = importlib.import_module(module)
    names = getattr(found, "__all__", None) or [
        name
        for name, value in vars(found).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module
    ]
    return {f"{module}.{name}" for name in names if callable(getattr(found, name))}


def test_reference_lists_every_public_function(site):
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "pages").glob("api-*.md"))
    modules = re.findall(r"automodule:: (\S+)", source)
    offered = (getattr(esutils, name) for name in esutils.__all__)
    assert sorted(modules) == sorted(m.__name__ for m in offered if inspect.ismodule(m))
    with (site / "objects.inv").open("rb") as file:
        inventory = InventoryFile.load(file, "", posixpath.join)
    listed = {name for kind in inventory if kind.startswith("py:") for name in inventory[kind]}
    assert set().union(*map(public, modules)) <= listed
