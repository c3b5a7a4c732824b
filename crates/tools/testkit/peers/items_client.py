"""Asks the items API as a Python program would: its URL in the first argument."""

import sys

import httpx

with httpx.Client(base_url=sys.argv[1], timeout=20) as client:
    for path in ["/", "/items/1", "/items/2", "/items/99"]:
        response = client.get(path)
        print(response.status_code, response.text)
