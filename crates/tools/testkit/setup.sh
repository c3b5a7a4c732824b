#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: system packages, and a
# Python environment in .venv. With nothing missing it takes no time.
# The argument says which of the two: `packages` or `python`.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# Where servers are that are not in everybody's path.
PATH=$PATH:/usr/sbin:/sbin:/opt/homebrew/sbin:/usr/local/sbin

found() { # whether there is any of these programs, separated by commas
    local names program
    IFS=, read -r -a names <<<"$1"
    for program in "${names[@]}"; do
        program=${program# }
        command -v "$program" >/dev/null || [[ -e $program ]] && return
    done
    return 1
}

packages() {
    local debian=() brew=() missing=() install
    local name programs apt formula packages
    while IFS='|' read -r name programs _ apt _ formula _; do
        [[ -n $apt && $name != \#* ]] || continue
        read -r name <<<"$name" # without the spaces around it
        read -r programs <<<"$programs"
        if found "$programs"; then
            # Debian has Python without what makes an environment.
            [[ $name == Python* ]] || continue
            python3 -c 'import ensurepip, venv' 2>/dev/null && continue
        fi
        read -r -a packages <<<"$apt"
        read -r formula <<<"$formula"
        # What only Linux has.
        [[ -n $formula || $(uname) == Linux ]] || continue
        missing+=("$name") debian+=("${packages[@]}") brew+=("$formula")
    done <crates/tools/needs.txt

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
}

# The Python libraries, again whenever their list has changed.
python() {
    local list=crates/tools/testkit/peers/requirements.txt
    if ! cmp -s "$list" .venv/installed.txt; then
        echo "A preparar o ambiente de Python em .venv"
        python3 -m venv --clear .venv
        .venv/bin/python -m pip install --quiet --disable-pip-version-check \
            --requirement "$list"
        cp "$list" .venv/installed.txt
    fi
}

"$1"
