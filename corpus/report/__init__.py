"""The annotator report: what a ledger says about the people who answer, as plain figures."""
