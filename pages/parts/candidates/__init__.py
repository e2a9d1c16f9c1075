"""Parts of the Candidates page."""
