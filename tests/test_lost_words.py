"""What was lost with a connection, or was not read, is told from what the server has lost."""

from tests.faulty_json_server import faulty_json_server
from tests.play import play


def test_a_message_that_is_lost_long_before_its_speaker_drops_is_missing() -> None:
    talk = """
    script:
      - ann: this one is lost
      - ann: {ping}
      - wait: 1100ms
      - ann: {drop: close}
      - ben: bye
    """
    with faulty_json_server("lost", times=1) as (address, _):
        outcome = play(talk, address)
    found = [(one.fault, one.text, one.reader.name) for one in outcome.rooms["lobby"].findings]
    assert ("missing", "this one is lost", "ben") in found
