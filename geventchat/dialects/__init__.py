"""How each kind of client speaks: bytes to commands, and what it is told to bytes."""
