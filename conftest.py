"""Under pytest a claim that no longer matches its recorded verdict raises."""

import os

os.environ.setdefault("ES_VERDICTS", "check")
