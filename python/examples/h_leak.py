"""What becomes of rings when processes are killed, and how they are cleaned up.

A producer that is killed leaves its ring: what it published can still be read, and the next producer of that
name goes on with it. Whatever nobody uses any more is found and swept by gc(); a ring that lives, because it
has a producer or a registered reader, is never touched, by gc() or by remove(). Who lives is known by the
kernel's locks, not by a process number or a tracker. (gc() sweeps all rings of a directory: so that it sweeps
none of yours, this has its own.)
"""

import multiprocessing as mp
import os
import signal
import tempfile

import pyringbuf as rb


def sensor(ring: str) -> None:
    with rb.Producer.create(ring, "i8", 1000) as values:
        for value in range(100):
            values.publish(value)
        signal.pause()  # works on, until it is killed


def remove(ring: str) -> bool:
    try:
        rb.remove(ring)
    except rb.Error as error:
        print(f"remove: {error}")
        return False
    return True


def check(is_so: bool, claim: str) -> None:
    print(claim if is_so else f"NOT so: {claim}")
    if not is_so:
        raise SystemExit(1)


def main() -> None:
    spawn = mp.get_context("spawn")
    # In memory, as rings are by default: what lies on a disk is never swept, only removed by name.
    with tempfile.TemporaryDirectory(prefix=f"h-leak-{os.getpid()}-", dir="/dev/shm") as directory:
        os.environ["RINGBUF_DIR"] = directory
        processes = {ring: spawn.Process(target=sensor, args=(ring,)) for ring in ("killed", "alive")}
        for process in processes.values():
            process.start()
        readers = {ring: rb.Reader.attach(ring, start="oldest", timeout=60) for ring in processes}
        for reader in readers.values():
            while reader.cursor < 100:
                reader.read(timeout=60)
        try:
            readers["alive"].close()
            processes["killed"].kill()
            events = readers["killed"].read(timeout=60).events
            check(events[0].kind == "producer-died", f"its reader is told: {events[0]}")
            check(rb.gc(dry_run=True) == [], "gc would sweep nothing: one has a producer, one a reader")
            check(not remove("alive"), "a ring that lives cannot be removed")
            readers["killed"].close()
            check(len(rb.gc()) == 1, "gc swept the ring of the dead, which nobody reads any more")
            check([ring.name for ring in rb.rings()] == ["alive"], "the other one is still there")
        finally:
            for process in processes.values():
                process.kill()
                process.join()
        check(remove("alive"), "now that its producer was killed too, it can be removed by name")
        check(os.listdir(directory) == [], "nothing is left behind")


if __name__ == "__main__":
    main()
