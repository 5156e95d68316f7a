"""Codecs to compare ablc with, for evaluations, the service and the demonstration.

libraries.py makes them by name, ablc_codec.py makes ablc one of them, and equal_bytes.py finds the
file of a codec that has a given length.
"""
