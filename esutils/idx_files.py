"""MNIST's and Fashion-MNIST's files: found, downloaded, checked by digest, parsed."""

import gzip
import hashlib
import math
import os
import zlib
from pathlib import Path

import numpy as np
import pooch

from esutils.common.files import written_whole

MIRRORS = {
    "mnist": [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ],
    "fashion-mnist": [
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ],
}

# Of the uncompressed bytes, so that gzip or plain and any mirror must agree. Keys: the files'
# names less "-ubyte".
SHA256 = {
    "mnist": {
        "train-images-idx3": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
    "fashion-mnist": {
        "train-images-idx3": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "train-labels-idx1": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "t10k-images-idx3": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "t10k-labels-idx1": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
}


def load_arrays(name):
    """Return the training images and labels, then the test images and labels, as bytes."""
    arrays = []
    for part in ("train", "t10k"):
        arrays.append(_parse_idx(_find(name, f"{part}-images-idx3"), 3))
        arrays.append(_parse_idx(_find(name, f"{part}-labels-idx1"), 1))
    return arrays


def _find(name, key):
    """Return the checked, uncompressed bytes of a data set's file, downloading it if need be."""
    file, sha256 = f"{key}-ubyte", SHA256[name][key]
    cache = Path(pooch.os_cache("esutils")) / name
    folders = [cache]
    if given := os.environ.get("ES_DATA_DIR"):
        if not Path(given).is_dir():
            raise ValueError(f"ES_DATA_DIR must name a folder, got {given!r}")
        folders = [Path(given) / name, Path(given), cache]
    for folder in folders:
        for path in (folder / file, folder / f"{file}.gz"):
            if path.is_file():
                return _read(path, sha256)

    failures = []
    for mirror in MIRRORS[name]:
        url = f"{mirror}{file}.gz"
        try:
            with written_whole(cache / f"{file}.gz") as whole:  # a bad download goes with it
                pooch.HTTPDownloader(progressbar=True)(url, whole, pooch=None)
                whole.flush()
                return _read(Path(whole.name), sha256)
        except (OSError, ValueError) as error:
            failures.append(f"{url}: {error}")
    raise OSError(
        f"{name}'s {file} is in none of {[str(folder) for folder in folders]}, and no mirror gave"
        f" it. Without a network use load_mnist5k(), which needs none, or let ES_DATA_DIR name a"
        " folder that holds the files. Tried:\n" + "\n".join(failures)
    )


def _read(path, sha256):
    """Return a file's uncompressed bytes, refusing any whose SHA-256 is not the known one."""
    content, found = path.read_bytes(), "a corrupt gzip file"
    try:
        if content.startswith(b"\x1f\x8b"):  # not by suffix: HTTP may have decompressed a .gz
            content = gzip.decompress(content)
        found = hashlib.sha256(content).hexdigest()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        found += f" ({error})"
    if found != sha256:
        raise ValueError(
            f"{path} must hold bytes whose SHA-256, uncompressed, is {sha256}, got {found};"
            " it was not used: remove or replace it"
        )
    return content


def _parse_idx(content, n_dims):
    """Parse an IDX file of unsigned bytes: magic, big-endian sizes, then exactly the data."""
    start = 4 + 4 * n_dims
    if len(content) < start:
        raise ValueError(f"IDX header must have {start} bytes, got {len(content)}")
    magic = int.from_bytes(content[:4])
    if magic != 0x0800 + n_dims:
        raise ValueError(f"IDX magic must be {0x0800 + n_dims:#010x}, got {magic:#010x}")
    shape = tuple(int.from_bytes(content[i : i + 4]) for i in range(4, start, 4))
    if len(content) - start != math.prod(shape):
        raise ValueError(
            f"IDX data of shape {shape} must have {math.prod(shape)} bytes,"
            f" got {len(content) - start}"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
