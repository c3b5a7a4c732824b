# Um aviso do rustdoc é um erro.
export RUSTDOCFLAGS := "-D warnings"
# Onde há testes dentro das fontes: um teste do `testkit` vê que não falta aqui
# nenhum programa. Os das lições estão ao lado delas, em `tests`.
unit_tests := "--lib --bin lab --bin lecture --bin measure"
set windows-shell := ["powershell.exe", "-NoLogo", "-NoProfile", "-Command"]

# Lista as receitas
default:
    @just --list --unsorted

# Mostra uma lição a funcionar: just demo tcp_echo_server
demo LESSON:
    @cargo run --quiet -p demo -- {{ LESSON }}

# Guarda o que uma lição envia num ficheiro do Wireshark: just capture mqtt_qos
capture LESSON:
    @cargo run --quiet -p demo -- {{ LESSON }} --capture {{ LESSON }}.pcapng

# Inicia um RabbitMQ para as lições da parte 5; Ctrl-C para-o
[no-exit-message]
rabbitmq:
    @cargo run --quiet -p rabbitmq

# Inicia um cluster de três RabbitMQ nesta máquina; Ctrl-C para-o
[no-exit-message]
rabbitmq-cluster:
    @cargo run --quiet -p rabbitmq -- cluster

# Prepara o que faltar e passa todos os testes
test: packages prepare compile run-tests (tests "--test 'm*'")

# O ambiente de Python vem da internet: entretanto, compila-se.
[parallel]
[private]
prepare: lint python

# Quem testa não pode ter `panic = "abort"`, e o cargo veria cada biblioteca duas
# vezes, uma para cada caso: para o clippy e o rustdoc basta uma. E guardar o que
# serviria à compilação seguinte demora esta: nos testes não se guarda.
[private]
lint $CARGO_PROFILE_DEV_PANIC="unwind" $CARGO_INCREMENTAL="0":
    cargo fmt --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo doc --workspace --no-deps

# Antes dos testes, tudo o que correm: quem compila faz esperar os outros.
[private]
compile $CARGO_INCREMENTAL="0":
    cargo test --workspace --no-run {{ unit_tests }} --test '*'
    cargo build --workspace --bins --examples

# Os testes esperam mais do que calculam: lado a lado demoram metade. A inicial
# do nome do ficheiro diz o grupo de cada um, e nenhuma fica de fora. Os que
# medem (`m*`) correm depois, e sozinhos.
[parallel]
[private]
run-tests: labs (tests "--test 'l[!a]*'") (tests "--test 'la[!b]*' --test '[a-d]*'") (tests "--test '[e-k]*'") (tests "--test '[n-p]*'") (tests "--test '[q-r]*'") (tests "--test '[s-z]*'") the-rest

# Os nove exercícios ao mesmo tempo: quase só esperam.
[private]
labs $RUST_TEST_THREADS="9" $CARGO_INCREMENTAL="0":
    cargo test --workspace --test 'lab*'

[private]
tests SELECTION $CARGO_INCREMENTAL="0":
    cargo test --workspace {{ SELECTION }}

[private]
the-rest: (tests unit_tests) (tests "--doc")

# Instala os programas de que os testes precisam, se faltarem
setup: packages python

[private]
[unix]
packages:
    @bash crates/tools/testkit/setup.sh packages

[private]
[unix]
python:
    @bash crates/tools/testkit/setup.sh python

[private]
[windows]
packages:
    @echo 'Os testes precisam de Python 3: winget install Python.Python.3.13'

[private]
[windows]
python:
    python -m venv .venv
    .venv\Scripts\python.exe -m pip install --quiet --requirement crates\tools\testkit\peers\requirements.txt

# Faz outra vez a imagem do README, clara e escura
[unix]
picture: setup
    @.venv/bin/python crates/tools/testkit/peers/picture.py
