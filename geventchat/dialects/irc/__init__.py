"""IRC, as people's clients, bots and bridges speak it: RFC 1459 and 2812 as modern.ircdocs.horse has them, and IRCv3.

A line goes from `lines` through `reader` and the table in `verbs` to a command; what comes of it goes from `events`,
which all readers of a room share, and from `replies`, which are for one alone, to lines again.
"""
