# Demand 4, check worker_busy.
"""Pede a tarefa seguinte antes de fazer a que tem."""

import time

import solution


def work(tasks_at, results_at, pause):
    tasks = solution.opened(solution.zmq.REQ)
    tasks.connect(tasks_at)
    results = solution.opened(solution.zmq.PUSH)
    results.connect(results_at)
    done = 0
    tasks.send(b"READY")
    text = solution.text_of(tasks.recv_multipart())
    while text != "END":
        tasks.send(b"READY")
        number = solution.number_in(text, "TASK")
        if number is not None:
            time.sleep(pause / 1000)
            results.send(f"RESULT {number} {number * number}".encode())
            done += 1
        text = solution.text_of(tasks.recv_multipart())
    print(f"Feitas: {done} tarefas")


solution.work = work
solution.run()
