"""The command line: ``python -m esutils report`` and ``python -m esutils claims``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

_EXAMPLES = """examples:
  python -m esutils report houses.csv --target price --out houses.html
  python -m esutils report penguins.parquet --target species --minutes 10
  python -m esutils claims
"""
_FAILED, _BAD_INPUT, _INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0, or 1 if it failed, 2 for bad input, 130 if interrupted."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except KeyboardInterrupt:
        return _say("interrupted, nothing was written", _INTERRUPTED)
    except (ValueError, FileNotFoundError) as error:
        return _say(error, _BAD_INPUT)
    except ImportError as error:  # it says what to install
        return _say(error, _FAILED)
    except Exception as error:  # whoever only wants a report should never see a traceback
        return _say(f"{type(error).__name__}: {error}", _FAILED)
    return 0


def _parser():
    parser = _add(argparse.ArgumentParser, prog="python -m esutils")
    parser.description = "Try expand-and-sparsify on your own data, or see what the book found."
    commands = parser.add_subparsers(required=True, metavar="command", dest="command")
    report = _add(commands.add_parser, "report", help="run the book's experiments on a table")
    report.description = "Run every experiment of the book on a table, and write one HTML file."
    report.add_argument("data", type=Path, help="a CSV, TSV or Parquet file")
    report.add_argument("--target", required=True, help="the column to predict")
    report.add_argument("--out", type=Path, default=Path("report.html"), help=_OUT)
    report.add_argument("--minutes", type=float, default=3.0, help=_TIME)
    report.add_argument("--task", choices=("classification", "regression"), help=_TASK)
    report.add_argument("--pixels", action="store_true", help=_PIXELS)
    report.set_defaults(run=_report)
    claims = _add(commands.add_parser, "claims", help="print the book's verdicts")
    claims.description = "Print the book's predictions and verdicts; run it inside the book."
    claims.set_defaults(run=_claims)
    return parser


_OUT = "where to write the page (default: %(default)s)"
_TIME = "how long to run (default: %(default)g); three resplits are run in any case"
_TASK = "by default, the target's values decide"
_PIXELS = "all columns have the same unit, as pixels do"


def _add(make, *names, **options):
    raw = argparse.RawDescriptionHelpFormatter
    return make(*names, epilog=_EXAMPLES, formatter_class=raw, **options)


def _report(options):
    """Check what can be checked beforehand, execute the chapter, and write the page in one go."""
    from esutils import tables
    from esutils.common.checks import check_number
    from esutils.common.files import write_text

    minutes = check_number("--minutes", options.minutes, open_low=True)
    out = _place(options.out, options.data)
    frame, standardise = tables.read(options.data), not options.pixels
    table = tables.from_frame(frame, options.target, options.task, standardise=standardise)
    for note in table.notes:
        print(note, file=sys.stderr)
    from esutils.tables import report

    page = report.make(
        f"{options.target} of {options.data.name}",
        {
            "DATA": str(options.data.resolve()),
            "TARGET": options.target,
            "TASK": options.task,
            "STANDARDISE": standardise,
            "MINUTES": minutes,
        },
    )
    try:
        write_text(out, page)
    except OSError as error:
        raise RuntimeError(f"the page could not be written to {options.out}: {error}") from error
    print(options.out)


def _place(path, data):
    """Return where the page goes; refuse a place where it cannot go or would destroy the data."""
    from esutils.common.files import check_folder

    out = path.resolve()
    if out == data.resolve() or (out.exists() and not out.is_file()):
        raise ValueError(f"--out must be a file and not the data, got {path}")
    check_folder("the folder of --out", out.parent)
    for text in (str(out), str(data.resolve())):
        if text.encode(errors="ignore").decode() != text:  # the name is not UTF-8
            raise ValueError(f"paths must be text, got {text!r}")
    return out


def _claims(options):
    """Print each prediction with its verdicts: those of today's rules, then the first edition's."""
    from esutils import claims, first_edition, scorecard

    for edition, card in (
        (claims, scorecard.verdicts()),
        (first_edition, first_edition.verdicts().assign(more="not asked")),
    ):
        for name, claim in edition.load_claims().items():
            print(f"{name}: {claim.prediction}")
            for row in card[card["claim"] == name].itertuples():
                span = f"{row.estimate:.3g} ({row.low:.3g} to {row.high:.3g}) {row.unit}"
                more = "" if row.more == "not asked" else f"; more than a dense code: {row.more}"
                print(f"  {row.data}: {row.verdict}, {span}; predicted {row.predicted}{more}")


def _say(error, code):
    print(f"esutils: {' '.join(str(error).split())}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
