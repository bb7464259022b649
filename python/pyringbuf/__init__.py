"""Live sensor data from one process as NumPy arrays in many."""

from ._core import __version__

__all__ = ["__version__"]
