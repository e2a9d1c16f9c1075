"""From repeat units to what members learn on, and the stores that keep it."""
