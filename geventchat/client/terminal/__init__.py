"""The client at a terminal: a line being typed at the bottom, and what happens in the rooms above it."""
