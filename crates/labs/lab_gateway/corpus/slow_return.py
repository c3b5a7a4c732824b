# Demand 13, check broker_returns.
"""Só tenta voltar a ligar-se de três em três segundos."""

import solution

mqtt = solution.mqtt


class Client(mqtt.Client):
    def reconnect_delay_set(self, min_delay, max_delay):
        super().reconnect_delay_set(3, 3)


mqtt.Client = Client
solution.run()
