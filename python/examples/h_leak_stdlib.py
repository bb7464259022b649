"""What becomes of a multiprocessing.shared_memory block when processes end, and who deletes it.

Every Python process that uses blocks has a companion, the resource tracker, which unlinks what its process
left behind. So a process that is killed leaks nothing, unless its tracker is killed with it (a container that
is stopped, a service whose whole group is killed): then the block stays for ever. And because the tracker
also follows blocks that were only attached, a program that attaches and ends in peace takes the block away
from those who still use it. (Python 3.13 has track=False, which has to be said in every program that
attaches.)
"""

import os
import signal
import subprocess
import sys
from multiprocessing.shared_memory import SharedMemory

OWNER = """
import sys, time
from multiprocessing.shared_memory import SharedMemory
block = SharedMemory(sys.argv[1], create=True, size=1024)
print("ready", flush=True)
time.sleep(3600)
"""
VISITOR = """
import sys
from multiprocessing.shared_memory import SharedMemory
SharedMemory(sys.argv[1]).close()
"""


def owner(name: str) -> subprocess.Popen:
    """A process that has made a block and works on, with its tracker in a group of their own."""
    command = [sys.executable, "-c", OWNER, name]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    process.stdout.readline()
    return process


def exists(name: str) -> bool:
    return os.path.exists(f"/dev/shm/{name}")


def main() -> None:
    name = f"h-leak-{os.getpid()}"

    process = owner(name)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()  # until it and its tracker, which has the same output, have ended
    leaked = exists(name)
    print(f"owner and tracker killed: the block {'is still there, for ever' if leaked else 'is gone'}")

    block = SharedMemory(name)  # the only cure: to know the name, and that nobody uses it
    block.close()
    block.unlink()

    process = owner(name)
    # The visitor's tracker has the same output: this waits for both.
    subprocess.run([sys.executable, "-c", VISITOR, name], capture_output=True, check=True)
    alive, deleted = process.poll() is None, not exists(name)
    print(f"a visitor attached and ended: the owner {'works on' if alive else 'is dead'}, ", end="")
    print(f"its block {'was deleted under it' if deleted else 'is still there'}")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    if exists(name):
        os.unlink(f"/dev/shm/{name}")
    if not leaked or not alive or not deleted:
        raise SystemExit("not what was expected")


if __name__ == "__main__":
    main()
