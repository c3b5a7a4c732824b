# Demand 13, check does_parts.
"""Não liga ao virtual host que vem no URL."""

import sys
from urllib.parse import urlsplit

import solution

sys.argv[1] = f"amqp://{urlsplit(sys.argv[1]).netloc}"
solution.main()
