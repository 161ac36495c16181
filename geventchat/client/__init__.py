"""The client: as a library, at a terminal, and as a filter."""
