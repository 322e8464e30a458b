"""The ledger at 30,000 records: what each kind of pull costs."""
