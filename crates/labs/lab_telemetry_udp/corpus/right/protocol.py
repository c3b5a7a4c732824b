"""O exercício 2 com um `DatagramProtocol` de asyncio."""

import asyncio
import math
import re
import sys


class Sensor:
    def __init__(self):
        self.values = {}
        self.highest = self.duplicated = self.out_of_order = 0

    def take(self, number, value):
        if number in self.values:
            self.duplicated += 1
            return
        self.values[number] = value
        if number < self.highest:
            self.out_of_order += 1
        self.highest = max(self.highest, number)

    def report(self, name):
        received = len(self.values)
        mean = sum(self.values.values()) / received if received else 0.0
        return (
            f"{name} received={received} lost={self.highest - received} "
            f"duplicated={self.duplicated} out_of_order={self.out_of_order} "
            f"mean={mean:.2f}"
        )


class Protocol(asyncio.DatagramProtocol):
    def __init__(self):
        self.sensors = {}

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        try:
            words = data.decode().split(" ")
        except UnicodeDecodeError:
            return
        match words:
            case ["DATA", name, number, value] if name:
                if not re.fullmatch("[0-9]+", number):
                    return
                if not re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", value):
                    return
                number, value = int(number), float(value)
                if 1 <= number < 1 << 32 and math.isfinite(value):
                    sensor = self.sensors.setdefault(name, Sensor())
                    sensor.take(number, value)
            case ["REPORT", name] if name:
                sensor = self.sensors.get(name, Sensor())
                self.transport.sendto(sensor.report(name).encode(), peer)


async def main():
    host, port = sys.argv[1].rsplit(":", 1)
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(Protocol, (host, int(port)))
    await asyncio.Event().wait()


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
