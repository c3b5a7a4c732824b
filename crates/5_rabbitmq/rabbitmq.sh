#!/usr/bin/env bash
# Inicia um RabbitMQ só para estas lições, que o Ctrl-C para:
#
#   rabbitmq.sh            um nó, em 127.0.0.1:5672        (just rabbitmq)
#   rabbitmq.sh cluster    três nós, em 5672, 5673 e 5674  (just rabbitmq-cluster)
#
# Escuta só nesta máquina, corre com o utilizador de quem o chama e guarda os
# dados em target/rabbitmq. PORT escolhe outra porta e DATA outra pasta.
set -euo pipefail
cd "$(dirname "$0")/../.."

what=${1:-single}
case $what in
single) nodes=(rabbit) ;;
cluster) nodes=(rabbit1 rabbit2 rabbit3) ;;
*)
    echo "Um nó: rabbitmq.sh; três: rabbitmq.sh cluster" >&2
    exit 2
    ;;
esac
port=${PORT:-5672}
data=${DATA:-$PWD/target/rabbitmq}/$what

# O programa que Debian põe em /usr/sbin muda de utilizador; este não.
server=/usr/lib/rabbitmq/bin/rabbitmq-server
[[ -x $server ]] || server=$(command -v rabbitmq-server || true)
if [[ -z $server ]]; then
    if docker compose version >/dev/null 2>&1; then
        echo "Não há RabbitMQ nesta máquina: corre em Docker."
        echo "Página de gestão: http://127.0.0.1:15672 (guest, guest)"
        exec docker compose --file crates/5_rabbitmq/compose.yaml \
            --profile "$what" up
    fi
    echo "Instale o RabbitMQ (apt-get install rabbitmq-server, ou" \
        "brew install rabbitmq), ou o Docker, e repita." >&2
    exit 1
fi

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

for i in "${!nodes[@]}"; do
    if listens $((port + i)); then
        echo "A porta $((port + i)) está ocupada. Se for por um RabbitMQ, o do" \
            "sistema por exemplo, as lições já o podem usar." >&2
        exit 1
    fi
done

# Cada processo no seu grupo: o Ctrl-C chega só a este, que para os outros.
set -m
running=() epmd=
stop() {
    trap '' INT TERM
    echo "A parar o RabbitMQ."
    kill ${running[@]+"${running[@]}"} 2>/dev/null || true
    wait ${running[@]+"${running[@]}"} || true
    if [[ -n $epmd ]]; then # só termina depois dos nós, que dele precisam
        kill "$epmd" 2>/dev/null || true
        wait "$epmd" || true
    fi
    exit "$1"
}
trap 'stop 0' INT TERM HUP

start() { # o nó com este índice
    local name=${nodes[$1]} home=$data/${nodes[$1]} i
    mkdir -p "$home"
    {
        echo "listeners.tcp.1 = 127.0.0.1:$((port + $1))"
        echo "management.tcp.ip = 127.0.0.1"
        echo "management.tcp.port = $((port + 10000 + $1))"
        if [[ $what == cluster ]]; then
            echo "cluster_formation.peer_discovery_backend = classic_config"
            for i in "${!nodes[@]}"; do
                echo "cluster_formation.classic_config.nodes.$((i + 1))" \
                    "= ${nodes[i]}@localhost"
            done
        fi
    } >"$home/rabbitmq.conf"
    echo "[rabbitmq_management]." >"$home/enabled_plugins"
    # Em HOME fica o segredo («cookie») por que os nós se reconhecem. Com
    # RUNNING_UNDER_SYSTEMD o processo é o próprio servidor, e não o seu pai.
    HOME=$data \
        ERL_CRASH_DUMP=$home/crash_dump \
        RABBITMQ_NODENAME=$name@localhost \
        RABBITMQ_DIST_PORT=$((port + 1000 + $1)) \
        RABBITMQ_CONF_ENV_FILE=/dev/null \
        RABBITMQ_CONFIG_FILE=$home/rabbitmq.conf \
        RABBITMQ_ENABLED_PLUGINS_FILE=$home/enabled_plugins \
        RABBITMQ_MNESIA_BASE=$home/data \
        RABBITMQ_LOG_BASE=$home/log \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1}" \
        RUNNING_UNDER_SYSTEMD=true \
        "$server" </dev/null >"$home/output" 2>&1 &
    running[$1]=$!
}

wait_for() { # o nó com este índice
    until listens $((port + $1)); do
        if ! kill -0 "${running[$1]}" 2>/dev/null; then
            tail -n 20 "$data/${nodes[$1]}/output" >&2
            echo "O RabbitMQ não arrancou: veja $data/${nodes[$1]}" >&2
            stop 1
        fi
        sleep 0.1
    done
}

mkdir -p "$data"
export ERL_EPMD_PORT=$((port + 2000)) ERL_EPMD_ADDRESS=127.0.0.1
epmd -port "$ERL_EPMD_PORT" -address 127.0.0.1 >/dev/null 2>&1 &
epmd=$!

echo "A iniciar o RabbitMQ."
start 0
while [[ ! -s $data/.erlang.cookie ]] && kill -0 "${running[0]}"; do
    sleep 0.1 # o primeiro nó cria o segredo; os outros usam-no
done
for i in "${!nodes[@]}"; do ((i == 0)) || start "$i"; done
urls=()
for i in "${!nodes[@]}"; do
    wait_for "$i"
    urls+=("amqp://127.0.0.1:$((port + i))")
    [[ $what == single ]] || echo "${nodes[i]}: ${urls[i]} (kill -9 ${running[i]})"
done

echo "Página de gestão: http://127.0.0.1:$((port + 10000)) (guest, guest)"
echo "RabbitMQ pronto em $(IFS=, && echo "${urls[*]}"). Ctrl-C termina."
wait "${running[@]}" 2>/dev/null || true # a shell não diz quem foi morto
echo "O RabbitMQ terminou: veja $data" >&2
stop 1
