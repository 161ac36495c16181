"""What may stand in a scenario's file outside its script: one class per part. The script's lines are in `actions`."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from bots.scenario.fields import ComeBack, Duration, Maybe, Model, Name, NewNick, Nothing

# More users than one machine can connect are a slip of the finger.
MAX_COUNT = 100_000
# What workers are told fits into 64 bits.
MAX_SEED = (1 << 63) - 1


_Count = Annotated[int, Field(ge=1, le=MAX_COUNT)]


class Role(Model):
    """A part in the cast: how many users play it, and what they are called."""

    count: _Count = Field(default=1, description="how many users")
    name: Maybe[NewNick] = Field(
        default=None, description="their names; {n} counts from 1, columns come from the data file"
    )
    reconnect: ComeBack = Field(
        default=0.0,
        description="whether they come back by themselves, say again what may not have arrived; for how long they try",
    )


def _role(value: Any) -> Any:
    """Return a role as its keys: nothing stands for one user, and a number for so many."""
    if value is None:
        return {}
    return {"count": value} if isinstance(value, str) else value


class Latency(Model):
    """How long a message may take from the moment it was due until it is heard; each in seconds, None for no limit."""

    p50: Maybe[Duration] = None
    p90: Maybe[Duration] = None
    p95: Maybe[Duration] = None
    p99: Maybe[Duration] = None
    max: Maybe[Duration] = None

    def limits(self) -> dict[str, float]:
        """Return the limits that are set, by name."""
        return {name: seconds for name, seconds in self if seconds is not None}


class Check(Model):
    """What must hold for the run to pass. A connection lost without a `drop` fails it, unless its actor comes back."""

    delivery: Literal["exactly once", "at least once", "at most once", "any"] = Field(
        default="exactly once", description="how often everyone who is in the room must hear each message"
    )
    order: Literal["same for everyone", "per sender", "any"] = Field(
        default="same for everyone", description="which order of messages must be the same for all who hear them"
    )
    errors: Literal["none", "any"] = Field(
        default="none", description="whether the server may answer an action with an error"
    )
    others: Literal["any", "none"] = Field(
        default="any", description="whether users who take no part in the scenario may say something"
    )
    latency: Latency = Field(default_factory=Latency, description="how long messages may take, from when they were due")


class File(Model):
    """A scenario: a cast and a script."""

    title: Maybe[Name] = Field(default=None, description="what the scenario shows, in one line")
    seed: int = Field(
        default=0,
        ge=-MAX_SEED,
        le=MAX_SEED,
        description="where all chance comes from: same seed, same words, choices and planned times",
    )
    mark: bool = Field(
        default=True, description="whether {words} end with a mark, like ·k3f, where the protocol gives messages no ids"
    )
    data: Maybe[Name] = Field(default=None, description="a CSV file beside this one; its columns are placeholders")
    cast: dict[str, Annotated[Role, BeforeValidator(_role, json_schema_input_type=Role | _Count | Nothing)]] = Field(
        default_factory=dict, description="the users; a name in the script that is not here is one user more"
    )
    script: list[Any] = Field(min_length=1, description="what they do: each line waits for the one before")
    check: Check = Field(default_factory=Check, description="what must hold")
