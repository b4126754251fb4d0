"""How far the shards of a mapping are done, kept in files, so that a driver that was killed goes on there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from local.mappings.actions import Checkpoint


class Checkpoints:
    """The checkpoints of one mapping. Whole files are exchanged: a reader finds the last one, or the one before.

    Args:
        folder: Of the epoch.
        uuid: Of the mapping.
    """

    def __init__(self, folder: Path, uuid: str) -> None:
        self._file = folder / f"{uuid}.json"
        self._kept: dict[str, Any] = json.loads(self._file.read_text()) if self._file.exists() else {}

    def of_shards(self) -> dict[str, Checkpoint]:
        """The last checkpoint of each shard."""
        return {shard: Checkpoint(shard, *kept) for shard, kept in self._kept.items()}

    def keep(self, checkpoint: Checkpoint) -> None:
        """Keep one, in place of that before it; it is kept when this returns, whatever becomes of this process."""
        self._kept[checkpoint.shard] = [checkpoint.sequence_number, checkpoint.window]
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(self._kept))
        draft.replace(self._file)

    def forget(self) -> None:
        """The mapping is gone for good."""
        self._file.unlink(missing_ok=True)


def folder_of_epoch(folder: Path, epoch: str) -> Path:
    """Where the checkpoints of an epoch are. Those of others are of streams that are lost, and deleted."""
    root = folder / "checkpoints"
    mine = root / epoch
    mine.mkdir(parents=True, exist_ok=True)
    for other in root.iterdir():
        if other != mine:
            shutil.rmtree(other, ignore_errors=True)
    return mine
