"""Repeat units through RDKit: parsing, graphs, descriptors, drawings."""
