"""New git objects of one commit: loose files while they are few, one pack when they are many.

A pack needs three fsyncs instead of two for each object, and git and dulwich find objects in it
faster than among thousands of files.
"""

import hashlib
import os
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedRandom
from pathlib import Path

from dulwich.object_store import DiskObjectStore
from dulwich.objects import ObjectID, ShaFile
from dulwich.pack import write_pack_index_v2, write_pack_object

from embedded.hub.durable import place, scratch, sync_folder

LOOSE_MAX_OBJECTS, LOOSE_MAX_BYTES = 16, 1024 * 1024
# As git names its own, so that `git gc` removes what a killed server left.
TEMPORARY = "tmp_pack_"


class NewObjects:
    """Collects objects; as dulwich's own stores do, it takes them by `add_object`."""

    def __init__(self, store: DiskObjectStore, stack: ExitStack) -> None:
        self._store = store
        self._stack = stack
        self._waiting: dict[ObjectID, ShaFile] = {}
        self._waiting_bytes = 0
        self._pack: BufferedRandom | None = None
        self._entries: dict[ObjectID, tuple[int, int]] = {}

    def add_object(self, obj: ShaFile) -> None:
        if obj.id in self._waiting or obj.id in self._entries or obj.id in self._store:
            return
        self._waiting[obj.id] = obj
        self._waiting_bytes += obj.raw_length()
        many = len(self._waiting) > LOOSE_MAX_OBJECTS or self._waiting_bytes > LOOSE_MAX_BYTES
        if self._pack is not None or many:
            self._write_waiting()

    def finish(self) -> None:
        """Everything is on disk and can be found when this returns."""
        if self._pack is not None:
            self._finish_pack(self._pack)
            return
        folder = Path(os.fsdecode(self._store.path))
        for obj in self._waiting.values():
            self._store.add_object(obj)
        for name in {oid[:2].decode() for oid in self._waiting}:
            sync_folder(folder / name)
        sync_folder(folder)

    def _write_waiting(self) -> None:
        if self._pack is None:
            folder = Path(os.fsdecode(self._store.pack_dir))
            self._pack = self._stack.enter_context(scratch(folder, TEMPORARY))
            # The number of objects follows in `_finish_pack`.
            self._pack.write(struct.pack(">4sII", b"PACK", 2, 0))
        for oid, obj in self._waiting.items():
            offset = self._pack.tell()
            checksum = write_pack_object(
                self._pack.write, obj.type_num, obj.as_raw_chunks(), self._store.object_format
            )
            self._entries[oid] = (offset, checksum)
        self._waiting.clear()
        self._waiting_bytes = 0

    def _finish_pack(self, pack: BufferedRandom) -> None:
        pack.seek(8)
        pack.write(struct.pack(">I", len(self._entries)))
        pack.seek(0)
        digest = hashlib.file_digest(pack, "sha1")
        pack.write(digest.digest())
        folder = Path(os.fsdecode(self._store.pack_dir))
        index = [
            (bytes.fromhex(oid.decode()), *self._entries[oid]) for oid in sorted(self._entries)
        ]
        with scratch(folder, TEMPORARY) as file:
            write_pack_index_v2(file, index, digest.digest())
            # Readers look for a pack by its index, so that comes last.
            place(pack, folder / f"pack-{digest.hexdigest()}.pack")
            place(file, folder / f"pack-{digest.hexdigest()}.idx")


@contextmanager
def new_objects(store: DiskObjectStore) -> Iterator[NewObjects]:
    """Nothing is kept when the block fails, except loose objects that nobody refers to."""
    with ExitStack() as stack:
        objects = NewObjects(store, stack)
        yield objects
        objects.finish()
