"""Packages whose names are imported on demand."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import pytest

import camcover
from camcover import bulk, rulebook, store
from camcover.on_demand import homes_of

PACKAGES = [camcover, rulebook, bulk, store]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_every_name_is_that_of_its_home(package: ModuleType) -> None:
    homes = homes_of(Path(str(package.__file__)))
    for name in package.__all__:
        home = homes.get(name, f"{package.__name__}.{name}")
        assert getattr(package, name) is getattr(import_module(home), name)
    assert homes.keys() <= set(package.__all__)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_no_name_on_demand_is_that_of_a_module(package: ModuleType) -> None:
    modules = {module.name for module in iter_modules(package.__path__)}
    assert not modules & homes_of(Path(str(package.__file__))).keys()


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'camcover\.store' has no attribute 'Estimates'"):
        _ = store.Estimates


def test_a_module_of_the_package_can_still_be_imported_from_it() -> None:
    from camcover.store import schema  # noqa: PLC0415 - this is what is tested

    assert schema.__name__ == "camcover.store.schema"
