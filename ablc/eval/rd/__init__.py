"""Rate and distortion: curves, BD-rates and speed of ablc and its peers."""
