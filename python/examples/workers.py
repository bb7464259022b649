"""Worker processes, for `d_big_array.py`, `e_image_pipeline.py` and `f_matrix.py`."""

import multiprocessing as mp
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def started(*tasks: tuple[Callable[..., None], *tuple[object, ...]]) -> Iterator[None]:
    """A process for every task, a function and its arguments. At the end of the `with` all have ended."""
    spawn = mp.get_context("spawn")
    processes = [spawn.Process(target=task, args=arguments) for task, *arguments in tasks]
    for process in processes:
        process.start()
    try:
        yield
        for process in processes:
            process.join()
    finally:  # after an error nobody waits for them
        for process in processes:
            process.terminate()
            process.join()
