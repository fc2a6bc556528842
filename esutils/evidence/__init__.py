"""The ledger: predictions, the samples that runs gave, and what they say of each other."""
