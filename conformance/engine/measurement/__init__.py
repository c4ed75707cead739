"""How a target's device really computes: its transcendentals in ulp, and its habits."""
