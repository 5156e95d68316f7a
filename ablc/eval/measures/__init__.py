"""Measures of decoded pictures: fidelity, and looks as networks judge them."""
