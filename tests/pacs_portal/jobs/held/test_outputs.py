"""What a steward gets to see of a file that one tool made and the next one held."""

import io

import numpy as np
from PIL import Image
from pydicom import dcmread

from pacs_portal.jobs.held.pictures import Size, held_images, measure
from pacs_portal.jobs.models import Destination, HeldFile
from pacs_portal.jobs.services import create_job
from pacs_portal.jobs.storage import held_dir
from pacs_portal.jobs.worker import run_job_here
from pacs_portal.projects.keys import project_keys


def photograph() -> bytes:
    """A JPEG of a camera that lay on its side."""
    image = Image.fromarray(np.full((20, 50, 3), 90, np.uint8))
    exif = image.getexif()
    exif[0x010F], exif[0x0112] = "Camera", 6
    content = io.BytesIO()
    image.save(content, "jpeg", exif=exif)
    return content.getvalue()


def test_the_image_that_the_converter_made_is_kept_when_the_pseudonymizer_holds_it(upload, member):
    job = create_job(
        upload=upload({"photo.jpg": photograph()}),
        tool="auto",
        destination=Destination.DOWNLOAD,
        by=member,
    )
    run_job_here(job)
    held = HeldFile.objects.get(receipt__job=job)
    assert (held.cause, held.stage) == ("recognizable-face", "pseudonymize")
    assert (held_dir(held.pk) / "original").read_bytes() == photograph()
    made = dcmread(held_dir(held.pk) / "output-0.dcm")
    assert (made.Rows, made.Columns) == (50, 20)
    images = held_images(held, project_keys(job.project_id))
    assert measure(images) == (Size(columns=20, rows=50, frames=1),)
