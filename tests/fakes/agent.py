"""Plays an agent's command line: a recorded output, and at the side what the script tells it to do.

`python agent.py SCRIPT …`: the script is JSON, {"recorded", "deeds", "exit"}; the rest of the words are the
agent's own arguments. What it was given is left in `given.json` beside the script.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

RECORDED = Path(__file__).with_name("recorded")


def main() -> None:
    script = Path(sys.argv[1])
    told = json.loads(script.read_text())
    reading = "" if sys.stdin.isatty() else sys.stdin.read()
    given = {"words": sys.argv[2:], "environment": dict(os.environ), "stdin": reading, "folder": os.getcwd()}
    given["nice"] = os.nice(0)
    given["pid"] = os.getpid()
    script.with_name(f"given{len(list(script.parent.glob('given*')))}.json").write_text(json.dumps(given))
    for path, text in told.get("writes", {}).items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)
    for deed in told.get("deeds", ()):
        DEEDS[deed]()
    recorded = told.get("recorded", "")
    if recorded:
        to = sys.stderr if recorded.endswith(".txt") else sys.stdout
        text = (RECORDED / recorded).read_text("utf-8").replace("@COPY@", os.getcwd())
        to.write(text.replace("@KEY@", os.environ.get("CODEX_API_KEY", "")))
        to.flush()
    sys.exit(told.get("exit", 0))


def hang() -> None:
    """With a child in a session of its own, that ignores what can be ignored."""
    code = "import os,signal,time;os.setsid();signal.signal(signal.SIGTERM,signal.SIG_IGN);time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-S", "-c", code])
    Path("child.pid").write_text(str(child.pid))
    time.sleep(600)


def leave_a_child() -> None:
    """One that holds our outputs, so that whoever reads to their end waits for it."""
    code = "import os,time;os.fork() and os._exit(0);os.setsid();time.sleep(600)"
    subprocess.run([sys.executable, "-S", "-c", code], check=True)


def flood() -> None:
    line = "x" * 200
    while True:
        print(line)


def long_line() -> None:
    while True:
        sys.stdout.write("x" * 65536)


def fill() -> None:
    """Slowly, so that it is a folder that grows and not a disk that is full."""
    for number in range(10_000):
        Path(f"f{number}").write_bytes(b"x" * 1024 * 1024)
        time.sleep(0.01)


def fill_aside() -> None:
    """Where temporary files are."""
    os.chdir(os.environ["TMPDIR"])
    fill()


def link_out() -> None:
    Path("src/out.ts").symlink_to("/etc/passwd")


def link_folder() -> None:
    Path("src/away").symlink_to("/etc")


def pipe() -> None:
    os.mkfifo("src/pipe.ts")


def link_aside() -> None:
    Path("node_modules/.bin").mkdir(parents=True)
    Path("node_modules/.bin/vite").symlink_to("/usr/bin/true")


def delete_package() -> None:
    Path("package.json").unlink()


def delete_theme() -> None:
    Path("src/theme.css").unlink()


def deep() -> None:
    folder = Path("src")
    for _ in range(60):
        folder = folder / "d"
    folder.mkdir(parents=True)


def binary() -> None:
    Path("public").mkdir(exist_ok=True)
    Path("public/photo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0")
    Path(os.fsdecode(b"src/x\xffy.ts")).write_text("no text's name")
    Path("src/odd.ts").write_bytes(b"\xff\xfe\0")
    Path("public/huge.png").write_bytes(b"\0" * (3 * 1024 * 1024))


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def tell_key() -> None:
    """At the end of what is shown of a line."""
    text = "x" * 230 + " " + os.environ["CODEX_API_KEY"]
    print(json.dumps({"type": "item.completed", "item": {"type": "agent_message", "text": text}}), flush=True)


def write_key() -> None:
    Path("src/Mark.tsx").write_text(f"export const Mark = '{os.environ['CODEX_API_KEY']}'\n")


DEEDS = {
    deed.__name__: deed
    for deed in (
        *(hang, leave_a_child, flood, long_line, fill, fill_aside, link_out, link_folder, pipe, link_aside),
        *(delete_package, delete_theme, deep, binary, die, tell_key, write_key),
    )
}

if __name__ == "__main__":
    main()
