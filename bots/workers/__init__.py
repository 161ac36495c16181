"""Bots on as many machines as it takes: workers, each of which plays some of the users, and the master who leads them.

Locust's runners connect them, carry their messages and notice when one is gone; what the messages say stands here.
"""
