"""Runs a command of ours as systemd does that listens for it: with a socket behind the usual three descriptors.

python -m tests.activated geventchat.cli.serve …, with that socket as its standard input
"""

import os
import runpy
import sys

if __name__ == "__main__":
    os.dup2(0, 3)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
