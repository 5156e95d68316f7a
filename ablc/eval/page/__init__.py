"""One self-contained HTML page of the results in a folder.

results.py reads and checks the folder's JSON. headline_cards.py, table1.py, figures.py,
rate_distortion.py and gallery.py make a section each, and assembly.py joins them to the page;
plot_files.py writes the plots beside it as PNG and CSV. page.html and the templates of the sections
hold the prose, page.css and slider.css the style, page.js, plot.js and slider.js the interaction.
The slider is that of the page of `ablc serve`.
"""

from ablc.eval.page.assembly import check, write

__all__ = ["check", "write"]
