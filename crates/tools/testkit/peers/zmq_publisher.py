"""A publisher of ten messages: the endpoint in the first argument. It waits
for a subscription first."""

import sys

import zmq

with zmq.Context() as context, context.socket(zmq.XPUB) as socket:
    socket.rcvtimeo = 20_000
    socket.bind(sys.argv[1])
    print("Publisher a escutar em", socket.last_endpoint.decode())
    print("Nova subscrição:", socket.recv()[1:].decode())
    for number in range(10):
        socket.send_multipart([b"myhome/livingroom/temperature", b"2%d.50" % number])
