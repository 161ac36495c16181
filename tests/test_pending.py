"""What was sent and not acknowledged, when the connection is lost and comes back."""

from geventchat.client.pending import Pending
from geventchat.commands.commands import Say, Whisper


def test_a_whisper_that_may_have_arrived_is_not_said_again_and_one_that_was_never_sent_is() -> None:
    pending = Pending("me")
    pending.add(Say(text="to all"), sent=True)
    pending.add(Whisper(to="bob", text="perhaps there"), sent=True)
    pending.add(Whisper(to="bob", text="not on its way yet"), sent=False)
    assert [one.text for one in pending.lose()] == ["perhaps there"]
    assert [one.text for one in pending.resend()] == ["to all", "not on its way yet"]
    assert [one.text for one in pending.lose()] == ["not on its way yet"]


def test_what_is_acknowledged_is_not_said_again() -> None:
    pending = Pending("me")
    said = pending.add(Say(text="hello"), sent=True)
    assert pending.settle("another's") is None
    assert pending.settle(said.ref) is said
    assert (len(pending), pending.resend()) == (0, [])
