"""The command ``automl-pack``."""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """Runs the command with the arguments of this process."""
    from . import _native

    # What Ctrl-C does is for the command to say, as it is without Python.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _native.run(["automl-pack", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
