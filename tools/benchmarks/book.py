"""Write book.json, the seconds that each page takes, from the report that pytest wrote."""

import json
import os
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

from esutils.common.files import write_text


def summary(record):
    """Return the seconds of the whole run and of each page, the cores, and the date."""
    suite = record.find("testsuite")
    pages = defaultdict(float)
    for cell in suite.iter("testcase"):
        pages[cell.get("classname").removesuffix(".ipynb").split(".")[-1]] += float(
            cell.get("time")
        )
    return {
        "date": suite.get("timestamp")[:10],
        "cores": os.cpu_count(),
        "seconds": round(float(suite.get("time"))),
        "pages": {page: round(seconds, 1) for page, seconds in sorted(pages.items())},
    }


if __name__ == "__main__":
    found = summary(ElementTree.parse(sys.argv[1]).getroot())
    path = Path(__file__).parent / "book.json"
    write_text(path, json.dumps(found, indent=1) + "\n")
