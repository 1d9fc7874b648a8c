"""The build backend (PEP 517): setuptools, after front end and catalogues are made, as the launcher makes them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import building
from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403 - every other hook is setuptools' own


def wanted(found):
    return [*found, *([] if building.machine_has_node() else [building.node_requirement()])]


def make_everything():
    building.make_front_end()
    building.make_catalogues()


def get_requires_for_build_wheel(config_settings=None):
    return wanted(build_meta.get_requires_for_build_wheel(config_settings))


def get_requires_for_build_editable(config_settings=None):
    return wanted(build_meta.get_requires_for_build_editable(config_settings))


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    make_everything()
    return build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    make_everything()
    return build_meta.build_editable(wheel_directory, config_settings, metadata_directory)
