"""A command of the engine, which also knows the preset of these trials."""

import sys

from bench.kills.preset import PRESET
from engine.commands import main
from engine.settings.presets import PRESETS

if __name__ == "__main__":
    PRESETS[PRESET.name] = PRESET
    sys.exit(main())
