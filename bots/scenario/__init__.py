"""From a file to a scenario: its users, its script, and every mistake in it, with its place. No I/O but reading."""
