#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: system packages, and a
# Python environment in .venv. With nothing missing it takes no time.
# `just setup` calls it, and `just test` before anything else.
set -euo pipefail
cd "$(dirname "$0")/../../.."
PATH=$PATH:/usr/sbin:/sbin # where Debian keeps servers, for root only

debian=() brew=() missing=()
need() { # what it is, how to see it, Debian's package, Homebrew's formula
    eval "$2" >/dev/null 2>&1 && return
    missing+=("$1") debian+=("$3") brew+=("$4")
}
need "Python 3" "python3 -c 'import ensurepip, venv'" python3-venv python
need Chromium "command -v chromium || command -v google-chrome ||
    test -d '/Applications/Google Chrome.app'" chromium google-chrome
need "C++" "command -v c++" g++ gcc
need curl "command -v curl" curl curl
need CMake "command -v cmake" cmake cmake
need make "command -v make" make make
need Mosquitto "command -v mosquitto" mosquitto mosquitto
need nc "command -v nc" netcat-openbsd netcat
need RabbitMQ "command -v rabbitmq-server" rabbitmq-server rabbitmq
need tshark "command -v tshark" tshark wireshark

if ((${#missing[@]})); then
    echo "Faltam: ${missing[*]}"
    if command -v apt-get >/dev/null; then
        # Without questions: tshark's package has one.
        install=(env DEBIAN_FRONTEND=noninteractive apt-get install --yes
            --no-install-recommends "${debian[@]}")
        if ((EUID == 0)); then
            apt-get update && "${install[@]}"
        elif command -v sudo >/dev/null; then
            sudo apt-get update && sudo "${install[@]}"
        else
            echo "Peça a quem administra a máquina: ${install[*]}" >&2
            exit 1
        fi
    elif command -v brew >/dev/null; then
        brew install "${brew[@]}"
    else
        echo "Instale-os com o gestor de pacotes desta máquina." >&2
        echo "Em Debian e Ubuntu chamam-se: ${debian[*]}" >&2
        exit 1
    fi
fi

# The Python libraries, again whenever their list has changed.
list=crates/tools/testkit/peers/requirements.txt
if ! cmp -s "$list" .venv/installed.txt; then
    echo "A preparar o ambiente de Python em .venv"
    python3 -m venv --clear .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check \
        --requirement "$list"
    cp "$list" .venv/installed.txt
fi
