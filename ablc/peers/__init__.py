"""Other codecs behind one interface, and ablc behind the same one."""
