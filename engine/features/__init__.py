"""Features of repeat units, which members learn on, and the stores that keep them."""
