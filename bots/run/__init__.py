"""A scenario, carried out: actors at a server."""
