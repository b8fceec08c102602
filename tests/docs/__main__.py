"""`python -m tests.docs [--check]`: makes the generated parts of docs/ anew, or says which are not fresh."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.docs.making import all_fresh, write


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a page is not fresh")
    asked = parser.parse_args(arguments)
    stale = all_fresh()
    for page, text in stale.items():
        print(f"{'not fresh' if asked.check else 'written'}  {page.name}")
        if not asked.check:
            write(page, text)
    return 1 if stale and asked.check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
