"""PolyGIN Studio's engine: everything that is not a page."""

import os

# Threads that wait for one another sleep instead of spinning; read once, when torch is loaded.
# Beside a browser and a web server spinning is what makes training slow: see docs/experiments.md.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
