"""Whole folders of pictures or streams, on the cores of a machine or the machines of a cluster.

batch -> plan -> manifest -> engine: job -> outcome, over and over -> manifest -> summary
"""
