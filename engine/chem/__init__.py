"""Repeat units through RDKit: parsing, graphs, descriptors, fingerprints, drawings."""
