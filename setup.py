"""What pyproject.toml cannot say: a wheel carries the chapter that ``esutils report`` executes."""

import json
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

CHAPTER = Path("chapters", "12-your-own-data.ipynb")


class BuildWithChapter(build_py):
    """Put the chapter, without its outputs, beside the modules."""

    def run(self):
        """Build as usual, then add the chapter."""
        super().run()
        if self.editable_mode:
            return  # the chapter is where it is
        notebook = json.loads(CHAPTER.read_text(encoding="utf-8"))
        notebook["metadata"].pop("widgets", None)
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell |= {"outputs": [], "execution_count": None}
        target = Path(self.build_lib, "esutils", CHAPTER.name)
        target.write_text(json.dumps(notebook), encoding="utf-8")


setup(cmdclass={"build_py": BuildWithChapter})
