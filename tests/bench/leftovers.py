"""What a run wrote is put away rather than removed, which would slow the next one down.

For minutes after files were removed, ext4 looks at each inode that became free before it gives it
to a new file (recently_deleted in Linux, fs/ext4/ialloc.c): new files cost up to three times as
much, and the more small files a contestant writes, the more it suffers. Emptied files keep their
inodes and give their room back.
"""

import os
from pathlib import Path

SPENT = "spent"


def put_away(folder: Path) -> None:
    """Empty all files below `folder` and move it out of the way, if it is there."""
    if not folder.exists():
        return
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.truncate(path, 0)
    spent = folder.parent / SPENT
    spent.mkdir(exist_ok=True)
    folder.rename(spent / f"{folder.name}-{len(list(spent.iterdir()))}")
