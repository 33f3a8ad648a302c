"""Pure decisions: the clock, randomness and ids are arguments."""
