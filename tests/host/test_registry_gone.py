"""The registry's file is deleted while the host has it open: nothing of it is lost."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pressel.errors import PresselError, UsageError
from pressel.node.registry_watch import RegistryWatch
from pressel.registry.database import DATABASE
from pressel.registry.store import Registry
from pressel.registry.vault import KEY_FILE

ANN, BEN = "00" * 8, "01" * 8


class Running:
    """A host's registry, written in its thread as a host does."""

    def __init__(self, folder: Path, thread: ThreadPoolExecutor) -> None:
        self.folder = folder
        self.watch = RegistryWatch(folder, bytes(32))
        self._thread = thread

    async def in_thread(self, call: Callable[..., Any], *values: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *values)

    async def write(self, device: str, name: str) -> None:
        await self.in_thread(self.watch.with_registry, lambda own: own.enrol(device, name))

    async def put_back(self) -> bool:
        return await self.watch.put_back(self.in_thread)

    def delete(self) -> None:
        for file in self.folder.glob(f"{DATABASE}*"):
            file.unlink()

    def names(self) -> set[str]:
        """On the disk, as whoever starts next reads them."""
        with Registry(self.folder) as registry:
            registry.verify()
            return {each.name for each in registry.devices()}


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    with ThreadPoolExecutor(1) as thread:
        host = Running(folder, thread)
        yield host
        thread.submit(host.watch.close_there).result()
        host.watch.close()


def test_a_deleted_registry_is_there_again_with_all_of_it(tmp_path: Path) -> None:
    async def scenario(host: Running) -> None:
        await host.write(ANN, "Ann")
        assert not await host.put_back()
        host.delete()
        writing = asyncio.ensure_future(host.write(BEN, "Ben"))  # before anybody has noticed
        assert await host.put_back()
        await writing
        assert host.names() == {"Ann", "Ben"}
        await host.write("02" * 8, "Cy")
        assert host.watch.directory.refresh() and len(host.watch.directory.records()) == 3
        assert not await host.put_back()
        await host.write("03" * 8, "Di")
        (tmp_path / DATABASE).unlink()  # what SQLite keeps beside it stays
        assert await host.put_back()

    with running(tmp_path) as host:
        asyncio.run(scenario(host))
    assert host.names() == {"Ann", "Ben", "Cy", "Di"}
    assert not list(tmp_path.glob("*.aside"))


def test_an_empty_file_that_a_command_has_left_is_no_registry(tmp_path: Path) -> None:
    async def scenario(host: Running) -> None:
        await host.write(ANN, "Ann")
        host.delete()
        with pytest.raises(UsageError, match="emptied or deleted"):
            Registry(tmp_path)
        assert (tmp_path / DATABASE).exists()
        assert await host.put_back()
        assert host.names() == {"Ann"}

    with running(tmp_path) as host:
        asyncio.run(scenario(host))


def test_another_registry_in_its_place_is_left_alone(tmp_path: Path) -> None:
    async def scenario(host: Running) -> None:
        await host.write(ANN, "Ann")
        shutil.copy(tmp_path / "old", tmp_path / "new")
        host.delete()
        (tmp_path / "new").rename(tmp_path / DATABASE)
        with pytest.raises(PresselError, match="restart the host to use it"):
            await host.put_back()
        await host.write(BEN, "Ben")  # the thread goes on

    Registry(tmp_path).close()
    shutil.copy(tmp_path / DATABASE, tmp_path / "old")
    with running(tmp_path) as host:
        asyncio.run(scenario(host))


def test_without_its_key_it_is_not_put_back(tmp_path: Path) -> None:
    async def scenario(host: Running) -> None:
        await host.write(ANN, "Ann")
        host.delete()
        (tmp_path / KEY_FILE).unlink()
        for _ in range(2):
            with pytest.raises(PresselError, match=r"registry\.key is gone"):
                await host.put_back()
        assert host.watch.others() == {}

    with running(tmp_path) as host:
        asyncio.run(scenario(host))
