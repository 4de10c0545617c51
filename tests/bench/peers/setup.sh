#!/usr/bin/env bash
# One virtual environment for each other maker's server, under BENCH_HOME. Some minutes and about 2 GB.
set -euo pipefail
PYTHON=${PYTHON:-python3} HOME_DIR=${BENCH_HOME:-$HOME/.cache/voice-bench}

make_environment() { # make_environment NAME PACKAGE...
    local environment=$HOME_DIR/venv-$1; shift
    [ -x "$environment/bin/python" ] || "$PYTHON" -m venv "$environment"
    "$environment/bin/pip" install -q aiohttp 'aiortc==1.16.0' 'av==18.1.0' "$@"
}

mkdir -p "$HOME_DIR"
make_environment pipecat 'pipecat-ai[webrtc,silero]==1.14.*'
make_environment fastrtc 'fastrtc==0.0.34'
echo "The other makers' servers are ready in $HOME_DIR"
