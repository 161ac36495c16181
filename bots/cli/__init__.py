"""The command geventchat-bots."""

from bots.cli.main import main

__all__ = ["main"]
