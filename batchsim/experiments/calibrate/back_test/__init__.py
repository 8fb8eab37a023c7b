"""How well what was learnt of the first part of a history predicts the rest of it."""
