"""A stand-in for the engine child: announces a port, ends with its input. FAKE_ENGINE says more."""

import json
import os
import subprocess
import sys
import time

behaviour = os.environ.get("FAKE_ENGINE", "")
count = sys.argv[1] if len(sys.argv) > 1 else ""


def started_before() -> int:
    """How often this script ran with the same counter file."""
    with open(count, "a") as file:
        file.write("x")
    return os.path.getsize(count)


def main() -> int:
    if behaviour == "refuses":
        return 3
    if behaviour == "mute":
        time.sleep(60)
    if behaviour == "fails-second" and started_before() == 2:
        return 4
    if behaviour == "child":
        child = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(60)"], stdin=subprocess.DEVNULL
        )
        print(json.dumps({"child": child.pid}))
    leaked = sorted({"OPENAI_API_KEY", "LINKEDIN_CLIENT_SECRET"} & set(os.environ))
    with open(count + ".seen", "w") as file:
        json.dump({"token": os.environ["MOENTREPRISE_ENGINE_TOKEN"], "leaked": leaked}, file)
    print("a library says hello")
    print(json.dumps({"port": 40000 + os.getpid() % 20000}), flush=True)
    if behaviour == "child":
        with open(count + ".child", "w") as file:
            file.write(str(child.pid))
    if behaviour == "stubborn":
        time.sleep(60)
    sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
