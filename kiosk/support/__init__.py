"""What helps people who help: hardware and network looked at, latencies, what runs out, check-ups, the support bundle."""
