"""The paper's table and figures, measured again: its systems, and those that it builds on.

`ablc reproduce` runs table1.py and figures.py. table1_systems.py lists the systems of the table:
latent_update.py (the paper's method), fills.py (with diffusion.py and structure.py) and stage2.py.
protocols.py and ssim.py are how the paper measures. sampling.py and survey.py define the figures,
with experiments.py (what is run) and sheets.py (how it is shown).
"""
