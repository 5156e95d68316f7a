"""Measures of decoded pictures: fidelity, and distances as networks see them.

catalogue.py names them, measure_set.py takes all of them, fidelity.py those of a region.
"""
