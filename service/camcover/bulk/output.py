"""A Parquet file that is there only once it is whole.

What comes in: record batches. What goes out: the file, or nothing when the writing ended before `finish`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

_COMPRESSION = "lz4"
_WORDS = ("request_id", "plan_id", "rule_release", "tier", "benefit", "reason", "limit", "field")


class WholeFile:
    """Writes batches beside `path`, and puts the file there at the end of the `with` block if `finish` was called."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Begin to write. Raises OSError where the folder cannot be written to."""
        self._path, self._part = path, path.with_name(path.name + ".part")
        words = [name for name in schema.names if name in _WORDS]
        self._writer = pq.ParquetWriter(self._part, schema, compression=_COMPRESSION, use_dictionary=words)
        self._is_whole = False

    def __enter__(self) -> Self:
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        """Append a batch."""
        if batch.num_rows:
            self._writer.write_batch(batch)

    def finish(self) -> None:
        """Everything is written."""
        self._is_whole = True

    def __exit__(self, *_: object) -> None:
        self._writer.close()
        if self._is_whole:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)
