"""Files like MNIST's: how to make, compress, spoil and place them, and what they must give."""

import functools
import gzip
import hashlib
import os
from pathlib import Path

import numpy as np

from esutils import data

KEYS = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = KEYS
LOAD = {"mnist": data.load_mnist, "fashion-mnist": data.load_fashion_mnist}
DATA_DIR = Path(os.environ.get("ES_DATA_DIR") or "no-such-folder")
HTML = b"<!DOCTYPE html><title>Sorry</title>"


def idx(array):
    """Return an array of bytes in the format of an IDX file."""
    array = np.asarray(array, dtype=np.uint8)
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">i4").tobytes()
    return header + array.tobytes()


def sha256(content):
    """Return the SHA-256 of some bytes in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@functools.cache
def pack(content):
    """Return the bytes compressed, once for all tests."""
    return gzip.compress(content, 1)


def flip(content, at=-1):
    """Return the bytes with one bit of one of them changed."""
    changed = bytearray(content)
    changed[at] ^= 1
    return bytes(changed)


def lay(folder, contents, compress):
    """Write files into a folder under their usual names."""
    folder.mkdir(parents=True, exist_ok=True)
    for key, content in contents.items():
        if compress:
            (folder / f"{key}-ubyte.gz").write_bytes(pack(content))
        else:
            (folder / f"{key}-ubyte").write_bytes(content)


def assert_holds(split, contents):
    """Compare a split with its files: pixels in 255ths after 16 bytes, labels after 8."""
    for part, images, labels in (("train", IMAGES, LABELS), ("test", TEST_IMAGES, TEST_LABELS)):
        X, y = getattr(split, f"X_{part}"), getattr(split, f"y_{part}")
        pixels = np.frombuffer(contents[images], np.uint8, offset=16).reshape(-1, 784)
        assert X.dtype == np.float32 and np.array_equal(X, pixels / np.float32(255))
        assert y.dtype == np.int64 and np.array_equal(y, list(contents[labels][8:]))


def tiny():
    """Return the files of a tiny MNIST by name: nine images and labels to train, nine to test."""
    rng = np.random.default_rng(0)
    return {
        f"{part}-{kind}-ubyte": idx(rng.integers(10, size=size))
        for part in ("train", "t10k")
        for kind, size in (("images-idx3", (9, 28, 28)), ("labels-idx1", (9,)))
    }


def offline(**options):
    """Stand in for a downloader where there is no network."""
    raise ConnectionError("no network")


def rows(X):
    """Return the set of an array's rows as bytes."""
    return {row.tobytes() for row in X}
