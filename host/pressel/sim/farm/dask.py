"""Dask's package `distributed`, which few computers need: the extra `farm` brings it."""

from __future__ import annotations

import importlib
import logging
from typing import Any

from pressel.errors import UsageError
from pressel.extras import advice
from pressel.tree import IS_INSTALLED

# What Dask would show of itself over plain HTTP, to everybody who asks.
_NO_PAGES = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.comm.require-encryption": True,
}
_LOGGERS = ("distributed", "tornado")


def load() -> Any:
    """The module `distributed`, which says nothing by itself and serves no pages. UsageError where
    it is not installed."""
    try:
        distributed = importlib.import_module("distributed")
    except ModuleNotFoundError as error:
        if IS_INSTALLED:
            raise UsageError(advice("distributed") or str(error)) from error
        raise UsageError("Dask is not installed here; run 'make farm'") from error
    importlib.import_module("dask").config.set(_NO_PAGES)
    for name in [name for name in logging.root.manager.loggerDict if name.startswith(_LOGGERS)]:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # Dask sets the level of each anew
    return distributed
