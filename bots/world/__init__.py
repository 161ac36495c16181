"""What the bots know: who is where, under which name, and who has heard what. No I/O."""
