"""The six generations of ibapi that judge the codec, and who judges which version.

Every version is judged by its own generation, the oldest that can negotiate it; the versions that users meet are also
judged by every newer one, as a server with a lower maximum meets them.
"""

from __future__ import annotations

from dataclasses import dataclass

from runner.wire.session import MAX_VERSION, MIN_VERSION

MET = (157, 163, 176, 178, 187, 188, 189, 190, 191, 193, 200, 201, 203, 210, 213, 226)


@dataclass(frozen=True)
class Generation:
    """One release of ibapi: what installs it, the versions it judges, and its letter in the table."""

    requirement: str
    letter: str
    lowest: int  # the first that the generation before it does not speak
    highest: int

    @property
    def name(self) -> str:
        """The version of the package."""
        return self.requirement.partition("==")[2]

    @property
    def versions(self) -> tuple[int, ...]:
        """The versions that it judges."""
        return (*(v for v in MET if v < self.lowest), *range(self.lowest, self.highest + 1))


GENERATIONS = (
    Generation("ibapi==9.81.1.post1", "a", MIN_VERSION, 157),
    Generation("nautilus-ibapi==10.19.4", "b", 158, 176),
    Generation("nautilus-ibapi==10.30.1", "c", 177, 187),
    Generation("ibapi-stable==10.37.2", "d", 188, 203),
    Generation("ibapi-stable==10.45.1", "e", 204, 223),
    Generation("ibapi-latest==10.51.1", "f", 224, MAX_VERSION),
)
