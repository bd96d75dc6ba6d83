"""Reads what the gate answers."""

from email import message_from_bytes

from tests.pacs_portal.archive.instances import Sample

ROOTS = ["/dicom-web", "/projects/heart/dicom-web"]


def study_address(sample: Sample) -> str:
    return f"studies/{sample.study_uid}"


def instance_address(sample: Sample) -> str:
    return f"{study_address(sample)}/series/{sample.series_uid}/instances/{sample.instance_uid}"


def body(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def parts(response) -> list[bytes]:
    head = f"Content-Type: {response.headers['Content-Type']}\r\n\r\n".encode()
    return [
        part.get_payload(decode=True) for part in message_from_bytes(head + body(response)).walk()
    ][1:]


def uids(response, tag="0020000D") -> list[str]:
    return [found[tag]["Value"][0] for found in response.json()]
