"""The pictures of replicas: each shows the kind of data that it stands for."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image

from epnkit.replicas.archive import draw_picture, draw_spectrogram


def test_a_dynamic_spectrum_has_bursts_that_drift_downward() -> None:
    image = Image.open(BytesIO(draw_spectrogram()))
    assert (image.format, image.size) == ("PNG", (96, 64))
    values = np.asarray(image)
    # The brightest time of the lowest frequency comes after that of the highest.
    assert values[-1].argmax() > values[0].argmax()


def test_a_movie_is_a_disc_that_fades() -> None:
    image = Image.open(BytesIO(draw_picture("GIF", frames=3)))
    assert image.n_frames == 3
    image.seek(0)
    assert image.convert("L").getpixel((16, 16)) > image.convert("L").getpixel((0, 0))
