"""What the build decides: where third-party scripts come from, and which buttons there are."""

import base64
import hashlib
import subprocess
from types import SimpleNamespace

import pytest
import yaml

from tests.helpers.pages import ROOT
from web.extensions import repository, vendor

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]
MODULES = ROOT / "web" / "node_modules"
needs_npm = pytest.mark.skipif(not (MODULES / vendor.MATHJAX).is_dir(), reason="no node_modules")


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
