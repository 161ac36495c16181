"""The scenario language: from a file to casts, lines and a plan, or to all that is wrong in it."""
