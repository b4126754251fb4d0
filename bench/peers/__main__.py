"""The policy pack side by side with its peers: `.venv/bin/python -m bench.peers`.

Installs the peers, runs them over the mistakes of `tests/policy`, and writes bench/peers/results/peers.json and
docs/policy-peers.md. With `--page` it only writes the page anew, with `--check` it only tells whether both are up to
date: neither needs the peers. Exit codes: 0 written, or up to date; 1 out of date, or a peer failed.
"""

from __future__ import annotations

import argparse
import json
import sys

from bench.peers import tools
from bench.peers.comparison import PROJECT, RESULTS, Tree, compare, digest, ours
from bench.peers.page import PAGE, page

_COMMAND = "`.venv/bin/python -m bench.peers`"


def outdated() -> list[str]:
    """What is not up to date, and how to mend it."""
    if not RESULTS.exists():
        return [f"{RESULTS.relative_to(PROJECT)} is missing: run {_COMMAND}"]
    results = _results()
    if results["digest"] != digest():
        return [f"{RESULTS.relative_to(PROJECT)} is of other programs, mistakes or versions: run {_COMMAND}"]
    if not PAGE.exists() or PAGE.read_text() != page(results, ours()):
        return [f"{PAGE.relative_to(PROJECT)} is not what the results say: run {_COMMAND} --page"]
    return []


def main() -> int:
    """Compare and write, or only check."""
    parser = argparse.ArgumentParser(description=__doc__)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="only tell whether results and page are up to date")
    choice.add_argument("--page", action="store_true", help="only write the page from the results that are there")
    options = parser.parse_args()
    if options.check:
        found = outdated()
        print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
        return bool(found)
    if not options.page:
        try:
            tools.install()
            results = compare()
        except tools.ToolError as error:
            print(error, file=sys.stderr)
            return 1
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(page(_results(), ours()))
    return 0


def _results() -> Tree:
    return json.loads(RESULTS.read_text())


if __name__ == "__main__":
    sys.exit(main())
