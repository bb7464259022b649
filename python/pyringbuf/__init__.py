"""Live sensor data from one process as NumPy arrays in many."""

from ._core import Batch, Event, Frame, FrameHeader, Ledger, __version__
from .errors import (
    AttachError,
    CreateError,
    Damaged,
    Different,
    Error,
    Forked,
    Full,
    InspectError,
    InUse,
    NotAllowed,
    NotFound,
    PublishError,
    ReadError,
    Removed,
    Replaced,
    SchemaMismatch,
)
from .producer import Producer
from .reader import FrameReader, Reader

__all__ = [
    "AttachError",
    "Batch",
    "CreateError",
    "Damaged",
    "Different",
    "Error",
    "Event",
    "Forked",
    "Frame",
    "FrameHeader",
    "FrameReader",
    "Full",
    "InUse",
    "InspectError",
    "Ledger",
    "NotAllowed",
    "NotFound",
    "Producer",
    "PublishError",
    "ReadError",
    "Reader",
    "Removed",
    "Replaced",
    "SchemaMismatch",
    "__version__",
]
