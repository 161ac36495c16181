"""Bytes that readers share: what a room says, encoded once, and what each reader is still owed. No I/O."""
