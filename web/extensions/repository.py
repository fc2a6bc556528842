"""Find the book's repository, from GITHUB_REPOSITORY or from the git remote.

Launch buttons, and links to edit a page or open an issue, appear only if it is known.
"""

import os
import re
import subprocess

SERVER = "https://github.com"
ON_GITHUB = re.compile(r"(?:^|[/@.])github\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?$")
BUTTONS = {
    "use_repository_button": True,
    "use_edit_page_button": True,
    "use_issues_button": True,
    "launch_buttons": {
        "colab_url": "https://colab.research.google.com",
        "binderhub_url": "https://mybinder.org",
        "notebook_interface": "jupyterlab",
    },
}


def git(folder, *arguments):
    """Return what git answers, or nothing if there is no git or no repository."""
    try:
        run = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return run.stdout.strip() if run.returncode == 0 else ""


def find(folder, environ=os.environ):
    """Return the ``owner/name`` of the repository and its branch, or None if they are unknown."""
    name = environ.get("GITHUB_REPOSITORY")
    if not name:
        on_github = ON_GITHUB.search(git(folder, "remote", "get-url", "origin"))
        name = on_github and on_github[1]
    if not name:
        return None
    branch = environ.get("GITHUB_REF_TYPE") == "branch" and environ["GITHUB_REF_NAME"]
    return name, branch or git(folder, "branch", "--show-current") or "main"


def add_buttons(app, config):
    """Tell the theme where the repository is."""
    if found := find(app.srcdir):
        name, branch = found
        config.html_theme_options |= BUTTONS
        config.html_theme_options |= {
            "repository_url": f"{SERVER}/{name}",
            "repository_branch": branch,
        }


def setup(app):
    """Decide before the theme reads its options."""
    app.connect("config-inited", add_buttons, priority=100)
    return {"parallel_read_safe": True}
