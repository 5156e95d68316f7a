"""The report: one HTML page of whatever a results folder holds, needing no network.

results.py (what is there) -> headlines.py, table1.py, figures.py, rates.py, gallery.py (sections)
-> assembly.py (the page, plots as PNG and CSV beside it). page.html and the templates of the
sections hold the prose, page.css and slider.css the looks, page.js, plot.js and slider.js what
moves. The page of `ablc serve` has the same slider.
"""

from ablc.eval.page.assembly import write

__all__ = ["write"]
