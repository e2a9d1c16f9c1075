"""What can be chosen: members, presets, devices, properties. Loads no torch."""
