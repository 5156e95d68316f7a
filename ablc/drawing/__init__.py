"""Pictures of streams: maps and comparisons as sheets of labelled panels."""
