"""Lists of candidates: kept, predicted, narrowed by a specification, and taken home as files."""
