"""Conversion of whole folders of pictures or streams, on one machine or on a cluster.

batch -> plan -> manifest -> engine: job -> outcome, for each file -> manifest -> summary
"""
