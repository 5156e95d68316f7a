"""The report of a folder: every picture by ablc and its peers at equal bytes."""
