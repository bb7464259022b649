"""What can go wrong: one exception for each thing that one would handle differently.

Every message says what was found, what was expected and what to do.

>>> import pyringbuf as rb
>>> issubclass(rb.Full, TimeoutError), issubclass(rb.NotFound, FileNotFoundError)
(True, True)
"""

__all__ = [
    "AttachError",
    "CreateError",
    "Damaged",
    "Different",
    "Error",
    "Forked",
    "Full",
    "InUse",
    "InspectError",
    "NotAllowed",
    "NotFound",
    "ProducerDied",
    "PublishError",
    "ReadError",
    "Removed",
    "Replaced",
    "SchemaMismatch",
]


class Error(Exception):
    """Everything that only a ring can raise."""


class CreateError(Error):
    """A ring could not be created or continued."""


class AttachError(Error):
    """A reader could not attach."""


class PublishError(Error):
    """Publishing failed."""


class ReadError(Error):
    """Reading failed: give the reader up."""


class InspectError(Error):
    """Looking after rings failed."""


class InUse(CreateError, InspectError):
    """Somebody uses the ring: another producer has it, or, when it is to be removed, anybody."""


class Different(CreateError):
    """A ring of this name exists and keeps other records, or another number of them."""


class NotFound(AttachError, FileNotFoundError):
    """There is no such ring (yet)."""


class SchemaMismatch(AttachError, TypeError):
    """The ring holds records of another dtype."""


class NotAllowed(AttachError):
    """The ring does not take readers of this delivery, or this user may not register."""


class Full(PublishError, TimeoutError):
    """A reader that may hold the producer is a full ring behind, and the time to wait for it is over."""

    reader: str | None = None
    """The name of the reader in the way; None: another thread of this process was publishing all the time."""
    lag: int | None = None
    """How many records (or frames) it is behind."""
    published: int = 0
    """How many records of the batch were published before: they stay so."""


class Damaged(ReadError):
    """The ring's files contradict each other: damaged, or written by another program."""


class Removed(ReadError):
    """The ring was removed; what had been published was delivered."""


class Replaced(ReadError):
    """Another ring has taken the name; what had been published was delivered. Attach again."""


class ProducerDied(ReadError):
    """The producer is gone without closing the ring, and everything was read: for readers with `on_death="raise"`."""


class Forked(Error):
    """This process was forked from the one that has the producer or the reader: create or attach in this one."""


for _name in __all__:
    # The name under which people know them, in tracebacks and pickles.
    globals()[_name].__module__ = "pyringbuf"
