"""Rooms and users, without any I/O: what becomes of each command."""
