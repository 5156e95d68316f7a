"""The paper's table and figures, measured again: its systems, and those that it builds on."""
