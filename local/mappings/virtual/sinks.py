"""Models of a topic and a bucket, as far as on-failure destinations go: they keep what they get."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.mappings.virtual.clock import Clock


@dataclass
class Topic:
    """An SNS topic."""

    clock: Clock
    name: str
    is_up: bool = True
    """Whether it takes what is sent."""
    published: list[str] = field(default_factory=list[str])

    def send(self, text: str) -> None:
        """Publish a message."""
        self.published.append(text)
        self.clock.log.append((self.clock.now, "published", self.name, text))


@dataclass
class Bucket:
    """An S3 bucket."""

    clock: Clock
    name: str
    is_up: bool = True
    """Whether it takes what is put."""
    objects: dict[str, str] = field(default_factory=dict[str, str])

    def put(self, key: str, text: str) -> None:
        """Put an object."""
        self.objects[key] = text
        self.clock.log.append((self.clock.now, "stored", self.name, key))
