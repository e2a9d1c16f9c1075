"""The commands: `python -m engine COMMAND`."""

import sys

if __name__ == "__main__":
    # Not above: worker processes load this file too, and need none of the commands.
    from .commands import main

    sys.exit(main())
