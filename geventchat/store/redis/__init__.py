"""The log that several servers write, in Redis."""
