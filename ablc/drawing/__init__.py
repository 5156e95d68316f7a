"""Pictures of streams: maps and comparisons as sheets of labelled panels.

view.py scales pictures, panels.py sets them side by side. colour_scale.py and prediction_modes.py
turn numbers into colours. map_sheet.py, compare_sheet.py and report_maps.py draw streams.
slider.html, .css and .js are the slider of the report and of the service.
"""
