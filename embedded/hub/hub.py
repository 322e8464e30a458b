"""What every handler needs: repositories, large files, accounts, signatures."""

from dataclasses import dataclass

from embedded.hub.accounts import Accounts
from embedded.hub.blobs import BlobStore, Signer
from embedded.hub.store import Store


@dataclass(frozen=True, slots=True)
class Hub:
    store: Store
    blobs: BlobStore
    accounts: Accounts
    signer: Signer
