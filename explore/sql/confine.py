"""Take rights from this process that no query needs: to write files, to run programs, to connect.

Linux's Landlock (https://docs.kernel.org/userspace-api/landlock.html) takes them for the rest of the
process's life, whatever it is made to do. Rights are taken from the calling thread and the threads that it
starts later, so this comes before DuckDB starts its own.
"""

import ctypes
import os

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # system calls, on every architecture
_VERSION = 1  # a flag: ask for the version of Landlock
_PATH_BENEATH = 1
_NO_NEW_PRIVILEGES = 38  # of prctl
# Rights by their bits: execute; write, remove, make (files, folders, devices, sockets, links). The kernel
# knows `refer` from version 2, `truncate` from version 3, and rights of the network from version 4.
_EXECUTE = 1 << 0
_WRITE = (1 << 1) | sum(1 << bit for bit in range(4, 13))
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def confine(folder: str, network: bool) -> bool:
    """Let this thread write below one folder only and, without ``network``, use no TCP.

    Returns whether the kernel does it; older kernels and other systems do not.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "prctl"):
        return False
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    if version < 1:
        return False
    write = _WRITE | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    rules = _Ruleset(_EXECUTE | write, 0 if network else _BIND_TCP | _CONNECT_TCP)
    size = ctypes.sizeof(rules) if version >= 4 else 8
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    if ruleset < 0:
        return False
    allowed = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        below = _PathBeneath(write, allowed)
        added = libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(below), ctypes.c_uint32(0))
        return bool(
            added == 0
            and libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0
            and libc.syscall(_RESTRICT_SELF, ruleset, ctypes.c_uint32(0)) == 0
        )
    finally:
        os.close(allowed)
        os.close(ruleset)
