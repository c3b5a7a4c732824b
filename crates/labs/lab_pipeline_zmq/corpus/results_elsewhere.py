# Demand 2, check worker_task.
"""O worker envia os resultados para a porta dos lotes."""

import solution

decent = solution.work


def work(tasks_at, results_at, pause):
    _, _, batches_at = solution.endpoints(solution.sys.argv[1])
    decent(tasks_at, batches_at, pause)


solution.work = work
solution.run()
