# The native half of the package; what is for users is named by `pyringbuf` itself.

__all__ = ["__version__", "check_schema"]

__version__: str

def check_schema(json: bytes) -> str: ...
