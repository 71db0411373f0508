"""Giving up the network, before a model is loaded that was consented to although it may run anything.

Linux only: a network namespace of the process's own, with nothing in it but the loopback interface. It needs no
privilege where the system lets users make user namespaces.
"""

import os
import sys

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1


def leave_network():
    """Whether this process, and all it starts from now on, is without a network. Only before it has a second thread."""
    if sys.platform != "linux":
        return False
    try:
        # What ctypes itself is made of: the whole of it takes milliseconds.
        import _ctypes

        unshare = _ctypes.dlsym(_ctypes.dlopen(None, 0), "unshare")
        uid, gid = os.getuid(), os.getgid()
        if _ctypes.call_cdeclfunction(unshare, (CLONE_NEWNET,)) != 0:  # only the administrator may do that alone
            if _ctypes.call_cdeclfunction(unshare, (CLONE_NEWUSER | CLONE_NEWNET,)) != 0:
                return False
            _try_to_keep_identity(uid, gid)
    except (ImportError, OSError, AttributeError):  # a Python without ctypes, a system without the call
        return False
    _raise_loopback()
    return True


def _try_to_keep_identity(uid, gid):
    """In a user namespace everybody is nobody until it is told who is who. Some systems forbid telling: then it is so."""
    try:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", "%d %d 1" % (uid, uid)),
            ("gid_map", "%d %d 1" % (gid, gid)),
        ):
            with open("/proc/self/" + name, "w") as file:
                file.write(text)
    except OSError:
        pass


def _raise_loopback():
    """Programs that talk to themselves over 127.0.0.1 go on doing so."""
    try:
        import fcntl
        import _socket

        sock = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
        try:
            fcntl.ioctl(sock.fileno(), SIOCSIFFLAGS, b"lo".ljust(16, b"\0") + IFF_UP.to_bytes(2, sys.byteorder).ljust(24, b"\0"))
        finally:
            sock.close()
    except (ImportError, OSError):  # then there is not even that
        pass
