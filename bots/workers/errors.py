"""What can go wrong with workers before a run has begun."""

from geventchat.protocol.errors import ChatError


class TooFewWorkers(ChatError):
    """Not enough workers have come in time; the message says how many."""
