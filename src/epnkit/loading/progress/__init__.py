"""How far a load is: a bar on a terminal, plain lines elsewhere."""
