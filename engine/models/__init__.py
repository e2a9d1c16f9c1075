"""The members of an ensemble, and the parts of their networks; imports no RDKit."""
