"""What somebody who is not in yet can be asked, one thing after the other; programs say it all in their `hello`."""

from enum import Enum, auto


class Question(Enum):
    """What is asked."""

    SERVER_PASSWORD = auto()
    NAME = auto()
    PASSWORD = auto()  # of the account to which the name belongs
