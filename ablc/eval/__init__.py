"""Evaluation: ablc beside other codecs and beside the systems of the paper.

folder.py (pictures), store.py (cached results), running.py (many measurements at once) and crop.py
serve all rooms: measures/ (of one decoded picture), rd/ (rate and distortion), report/ (a folder's
pictures at equal bytes), paper/ (the paper's table and figures), page/ (HTML of the results).
Nothing imports paper/ but its commands.
"""
