"""`python -m bots.cli` is the command too."""

import sys

from bots.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
