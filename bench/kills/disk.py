"""A disk whose power can be cut: what no program had synchronised is gone.

An ext4 file system lies in an image in memory. At the cut the image is copied as it is, without all
that the kernel still keeps to itself, and the copy is mounted in its place, as after a boot. It
keeps as little as a file system may: it commits its journal when it is asked to alone, and does
not write a file out because it is renamed over another. Needs to be root.
"""

import shutil
import subprocess
from pathlib import Path

_OPTIONS = "loop,commit=300,noauto_da_alloc"
_MEGABYTES = 96


class PowerDisk:
    """A disk mounted on a folder."""

    def __init__(self, folder: Path, image: Path) -> None:
        """Make the disk.

        Args:
            folder: empty; the disk's root afterwards.
            image: where its content goes; best in memory.

        Raises:
            OSError: when it cannot be mounted here.
        """
        self.folder, self._image = folder, image
        with image.open("wb") as file:
            file.truncate(_MEGABYTES * 2**20)
        _carry_out("mkfs.ext4", "-q", "-m", "0", str(image))
        self._mount()

    def keep(self) -> None:
        """Let the disk have all that was written until now."""
        subprocess.run(["sync", "-f", str(self.folder)], check=True)

    def remember(self) -> None:
        """The power is cut at this moment: nobody who runs may be writing."""
        copy = ["cp", "--sparse=always", str(self._image), str(self._after)]
        subprocess.run(copy, check=True)

    def boot(self) -> None:
        """Mount what the disk held when the power was cut; nobody of before may be alive."""
        self.take_out()
        self._after.replace(self._image)
        self._mount()

    @property
    def _after(self) -> Path:
        return self._image.with_suffix(".after")

    def take_out(self) -> None:
        """Unmount the disk."""
        subprocess.run(["umount", "-l", str(self.folder)], check=False, capture_output=True)

    def _mount(self) -> None:
        _carry_out("mount", "-o", _OPTIONS, str(self._image), str(self.folder))


def can_cut(folder: Path) -> bool:
    """Whether such disks can be had here; `folder` is empty afterwards."""
    folder.mkdir(parents=True)
    try:
        PowerDisk(folder, folder.with_suffix(".img")).take_out()
    except OSError:
        return False
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(".img").unlink(missing_ok=True)
    return True


def _carry_out(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.strip() or f"{words[0]} has failed")
