"""`python -m server.jobs`: one worker process (see server/jobs/worker.py)."""

import sys

from server.jobs.worker import main

if __name__ == "__main__":
    sys.exit(main())
