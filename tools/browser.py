"""Chromium, for the tests in a real browser and for the PDF."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Nothing but the pages may use the network; root in a container cannot have a sandbox.
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-sync",
]


def executable():
    """Return the path of Chromium or Chrome (``CHROMIUM`` if set), or None."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def launch(playwright):
    """Start the browser without a window and with a fresh profile."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return playwright.chromium.launch(
        executable_path=executable(), args=[*FLAGS, *(["--no-sandbox"] if is_root else [])]
    )
