"""What all commands have in common."""

import msgspec


class Command(msgspec.Struct, tag_field="type", kw_only=True, gc=False):
    """One thing that a user asks for."""
