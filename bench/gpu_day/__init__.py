"""A day with a GPU: one command that measures on a CUDA device all that a CPU cannot show."""
