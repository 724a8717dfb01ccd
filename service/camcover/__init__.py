"""Camcover: is it covered, and what will I pay? Estimates for integrative medicine, to the cent, from payers' rules."""
