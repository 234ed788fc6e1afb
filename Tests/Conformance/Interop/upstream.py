"""Fetches upstream's programs: the Windows wheels of two generations, which Wine can run.

PyPI carries no Linux wheel of them. Nothing fetched here is ever committed.
"""

import os
import shutil
import subprocess
import sys
import zipfile

# Version: SHA-256 of its wheel for 64-bit Windows.
VERSIONS = {
    "1.2.1": "783156c4771391a1490bbf45f59b09666845043cb865bd5f8c6fbfca02f488a2",
    "0.8.0": "499055957fd36ab7cfd5c8b04fff946c535b92f4c6971a922f4c9e81add84abf",
}
COMPILER = "x86_64-w64-mingw32-gcc"


class Unavailable(Exception):
    """Why there is no upstream to compare with."""


def programs(folder):
    """The path of each version's program, fetched if it is not there yet."""
    found = {}
    for version in VERSIONS:
        program = f"{folder}/{version}/plasmite.exe"
        if not os.path.exists(program):
            _unpack(_fetch(folder, version), f"{folder}/{version}")
        found[version] = program
    stub = _build_stub(folder)
    for program in found.values():
        shutil.copy(stub, os.path.dirname(program))
    return found


def _fetch(folder, version):
    os.makedirs(folder, exist_ok=True)
    requirement = f"{folder}/plasmite-{version}.txt"
    with open(requirement, "w") as file:
        file.write(f"plasmite=={version} --hash=sha256:{VERSIONS[version]}\n")
    wheels = f"{folder}/wheels"
    command = [*_pip(folder), "download", "--disable-pip-version-check", "--quiet", "--no-deps", "--require-hashes",
               "--only-binary=:all:", "--platform", "win_amd64", "--implementation", "cp", "--python-version", "3.11",
               "--dest", wheels, "--requirement", requirement]  # fmt: skip
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise Unavailable(f"pip could not fetch plasmite {version}\n{done.stdout.strip()}")
    return next(f"{wheels}/{name}" for name in os.listdir(wheels) if name.startswith(f"plasmite-{version}-"))


def _pip(folder):
    """A pip: this Python's, else one in a virtual environment of our own."""
    probe = [sys.executable, "-m", "pip", "--version"]
    if subprocess.run(probe, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
        return probe[:3]
    environment = f"{folder}/venv"
    made = subprocess.run(
        [sys.executable, "-m", "venv", environment], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if made.returncode != 0:
        raise Unavailable(f"this Python has neither pip nor venv (package python3-venv)\n{made.stdout.strip()}")
    return [f"{environment}/bin/python", "-m", "pip"]


def _unpack(wheel, folder):
    """Takes the program, and nothing else, out of a wheel."""
    os.makedirs(folder, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        member = next(name for name in archive.namelist() if name.endswith("/plasmite.exe"))
        draft = f"{folder}/plasmite.exe.new"
        with archive.open(member) as source, open(draft, "wb") as target:
            shutil.copyfileobj(source, target)
        os.replace(draft, f"{folder}/plasmite.exe")


def _build_stub(folder):
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "process_prng.c")
    stub = f"{folder}/bcryptprimitives.dll"
    if os.path.exists(stub) and os.path.getmtime(stub) >= os.path.getmtime(source):
        return stub
    if shutil.which(COMPILER) is None:
        raise Unavailable(f"{COMPILER} is missing: run Scripts/install-dependencies windows")
    command = [COMPILER, "-shared", "-O2", "-Wall", "-Wextra", "-o", stub, source, "-ladvapi32"]
    built = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if built.returncode != 0:
        raise Unavailable(f"{COMPILER} could not build the stub of bcryptprimitives.dll\n{built.stdout.strip()}")
    return stub
