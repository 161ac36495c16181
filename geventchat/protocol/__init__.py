"""What is said on any wire: events, replies, names, text and limits. No I/O."""
