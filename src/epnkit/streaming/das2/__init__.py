"""Das2 2.2 (https://das2.org): requests, and streams of packets with XML headers."""
