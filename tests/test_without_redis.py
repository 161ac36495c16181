"""Without the extra geventchat[redis], whoever asks for it is told what to install."""

import sys

import pytest

from geventchat.protocol.errors import UsageError
from geventchat.store.registry import StoreOptions, opener, records


@pytest.mark.parametrize("missing", ["redis", "hiredis"])
def test_where_redis_py_is_missing_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    for ask in (
        lambda url: opener(url, StoreOptions(), "--redis"),
        lambda url: records(url, "--redis"),
    ):
        with pytest.raises(UsageError) as told:
            ask("redis://127.0.0.1:1")
        assert str(told.value) == "--redis needs redis-py; install it with pip install 'geventchat[redis]'"
