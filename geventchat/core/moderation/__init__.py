"""Who is kept out, who may not speak, and what holds in a room: decided from records, the time and who asks. No I/O."""
