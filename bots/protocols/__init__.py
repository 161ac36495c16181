"""How bots speak to a server: bytes to what was heard, and commands to bytes. No I/O."""
