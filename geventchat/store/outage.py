"""Something that cannot be done: said in the log lines once when it begins, and once when it is over."""

import logging

logger = logging.getLogger("geventchat")


class Outage:
    """Says `begun` with the reason, and `over`."""

    def __init__(self, begun: str, over: str) -> None:
        self._begun = begun
        self._over = over
        self.reason = ""  # while it is on

    @property
    def is_on(self) -> bool:
        """Whether it cannot be done at present."""
        return bool(self.reason)

    def begin(self, error: Exception) -> None:
        """Say that it cannot be done, unless that was said."""
        if not self.is_on:
            self.reason = str(error) or type(error).__name__
            logger.error("%s: %s", self._begun, error)

    def end(self) -> None:
        """Say that it can be done again, if it could not."""
        if self.is_on:
            self.reason = ""
            logger.warning("%s", self._over)
