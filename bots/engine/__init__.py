"""The run: bots on their connections, the script, and its end."""
