"""Places are read and frameworks guessed without importing anything."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from conformance.targets.guess import guess
from conformance.targets.place import PlaceError, read_place

SOURCES = {
    "torch": "import torch\nimport numpy as np\ndef f(logits, target): return torch.mean(logits)",
    "jax": "import jax.numpy as jnp\ndef f(logits, target): return jnp.mean(logits)",
    "tensorflow": "import tensorflow as tf\ndef f(logits, target): return tf.reduce_mean(logits)",
    "keras": "import keras\nimport tensorflow as tf\nclass f(keras.losses.Loss): pass",
    "numpy": "import numpy as np\ndef f(logits, target): return np.mean(logits)",
}


@pytest.mark.parametrize("framework", SOURCES)
def test_the_framework_is_read_off_the_source(framework, tmp_path):
    (tmp_path / "kernel.py").write_text(SOURCES[framework] + "\nraise SystemExit('imported')")
    assert guess(read_place("kernel.py:f", tmp_path)) == framework


def test_an_annotation_decides_between_two_frameworks(tmp_path):
    text = (
        "import torch\nimport jax\n"
        "def f(logits: 'torch.Tensor', target): return logits\n"
        "def g(logits: jax.Array, target): return logits\n"
        "def h(logits, target): return logits\n"
    )
    (tmp_path / "kernel.py").write_text(text)
    found = [guess(read_place(f"kernel.py:{name}", tmp_path)) for name in "fgh"]
    assert found == ["torch", "jax", None]


def test_a_re_export_is_followed(tmp_path):
    package = tmp_path / "mypkg"
    package.mkdir()
    (package / "__init__.py").write_text("from .inner import fast as fast_ce\n")
    (package / "inner.py").write_text("import torch\n\ndef fast(a, b): return torch.mean(a)\n")
    place = read_place("mypkg:fast_ce", tmp_path)
    assert guess(place) == "torch"
    assert "mypkg" not in sys.modules


def test_a_mere_wrapper_is_of_the_framework_that_it_calls(tmp_path):
    package = tmp_path / "theirlib"
    package.mkdir()
    (package / "__init__.py").write_text("from .inner import fast\n")
    (package / "inner.py").write_text("import torch\n\ndef fast(a, b): return torch.mean(a)\n")
    for text in ("from theirlib import fast\n", "import os\nimport theirlib.inner as theirs\n"):
        (tmp_path / "kernel.py").write_text(text + "def f(a, b): return fast(a, b)\n")
        assert guess(read_place("kernel.py:f", tmp_path)) == "torch"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kernel.py", "kernel.py: names no callable; write MODULE:NAME or FILE.py:NAME"),
        ("kernel.py:", "names no callable"),
        ("kernel.py:a-b", "names no callable"),
        ("nowhere.py:f", "nowhere.py:f: there is no file"),
    ],
)
def test_what_is_no_place_is_told(text, message, tmp_path):
    with pytest.raises(PlaceError) as caught:
        read_place(text, tmp_path)
    assert message in str(caught.value)


def test_a_file_is_found_with_its_folder(tmp_path):
    (tmp_path / "kernel.py").write_text("")
    place = read_place("kernel.py:K.apply", tmp_path)
    assert place.path == f"{tmp_path / 'kernel.py'}:K.apply"
    assert place.import_paths[0] == str(tmp_path)
    assert isinstance(place.source, Path)
