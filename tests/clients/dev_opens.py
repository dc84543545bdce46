"""`sheetbend dev` in a terminal on a desktop, where the program that opens browsers is ours: what it is given.

Options: binary, arguments.
"""
import json
import os
import pty
import re
import signal
import stat
import sys
import tempfile
import time

options = json.loads(os.environ["CLIENT_OPTIONS"])
OPENER = """#!/bin/sh
{ printf '%s\\n' "$1"; stat -c %a "$1"; cat "$1"; } > "$OPENED.new" && mv "$OPENED.new" "$OPENED"
"""
checks = {}


def run(more, environment):
    """Starts `dev` under a terminal of its own until it says that it is ready; what it printed, and what was opened."""
    with tempfile.TemporaryDirectory() as folder:
        opener, opened = os.path.join(folder, "xdg-open"), os.path.join(folder, "opened")
        with open(opener, "w") as file:
            file.write(OPENER)
        os.chmod(opener, stat.S_IRWXU)
        child, terminal = pty.fork()
        if child == 0:
            for name in ("CI", "SSH_CONNECTION", "SSH_TTY", "DISPLAY", "WAYLAND_DISPLAY"):
                os.environ.pop(name, None)
            os.environ.update({"PATH": folder + ":" + os.environ["PATH"], "OPENED": opened, **environment})
            data = os.path.join(folder, "data")
            arguments = [options["binary"], *options["arguments"], "--data-dir", data, *more]
            os.execv(options["binary"], arguments)
        text = printed(terminal)
        told = None
        deadline = time.monotonic() + (10 if "DISPLAY" in environment and not more and "CI" not in environment else 1)
        while told is None and time.monotonic() < deadline:
            if os.path.exists(opened):
                with open(opened) as file:
                    told = file.read()
            time.sleep(0.05)
        os.kill(child, signal.SIGTERM)
        drain(terminal)
        os.waitpid(child, 0)
        left = os.path.exists(os.path.join(folder, "data", "dashboard.html"))
        return text, told, left


def printed(terminal):
    text = b""
    while b"Ctrl-C stops" not in text:
        text += os.read(terminal, 65536)
    return text.decode()


def drain(terminal):
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        pass


text, told, left = run([], {"DISPLAY": ":99"})
link = re.search(r"Dashboard +(\S+)", text).group(1)
file, mode, page = (told or "\n\n").split("\n", 2)
checks["a person at a desktop gets the page"] = "#token=" in link and link in page
checks["the token is in no argument, in a private file only"] = "token" not in file and mode == "600"
checks["the file goes with the server"] = not left
checks["--no-open leaves the browser alone"] = run(["--no-open"], {"DISPLAY": ":99"})[1] is None
checks["CI gets no window"] = run([], {"DISPLAY": ":99", "CI": "true"})[1] is None
checks["no desktop, no window"] = run([], {})[1] is None

ok = all(checks.values())
if not ok:
    print([link, told], file=sys.stderr)
print(json.dumps({"ok": ok, "checks": checks, "facts": {}}))
sys.exit(0 if ok else 1)
