"""Text that stands in the pixels themselves: who is looked at, what is found, what is blackened."""
