"""Evaluation: ablc beside the systems that it builds on."""
