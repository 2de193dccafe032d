"""A firmware image as the form that the device takes."""

from collections.abc import AsyncIterator, Callable
import json
from secrets import token_hex

from .settings_schema import UpgradeMetadata
from .transport import Upload


def form(metadata: UpgradeMetadata, data: Callable[[], AsyncIterator[bytes]]) -> Upload:
    """Return a body of two parts: `metadata` as JSON first, then `data` as it is read."""
    # Long enough that no image contains it.
    boundary = token_hex(24)
    head = (
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="metadata"\r\n'
        "Content-Type: application/json\r\n\r\n"
        f"{json.dumps(metadata.body())}\r\n"
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="data"; filename="firmware"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    tail = f"\r\n--{boundary}--\r\n".encode()

    async def chunks() -> AsyncIterator[bytes]:
        yield head
        async for chunk in data():
            yield chunk
        yield tail

    return Upload(
        length=len(head) + metadata.size + len(tail),
        content_type=f"multipart/form-data; boundary={boundary}",
        chunks=chunks,
    )
