"""Where the web server listens, and under which names it is reached."""

import errno
import ipaddress
import socket

_NEXT_PORTS = 20
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class PortTaken(Exception):
    """Another program listens there. The text says what to do."""


def listen(host: str, port: int, *, chosen: bool) -> tuple[socket.socket, int]:
    """A listening socket and its port.

    When the port is taken and was not ``chosen`` by the user, the next free one is used instead.

    Raises:
        PortTaken: the user's own choice is taken, or nothing nearby is free.
        OSError: the host is no address of this machine, or the port needs more rights.
    """
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    for candidate in (port,) if chosen else range(port, min(port + _NEXT_PORTS, 65536)):
        listener = socket.socket(family[0], socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((family[4][0], candidate))
            # Listening at once: a bound port alone could still be bound by another program.
            listener.listen(2048)
        except OSError as error:
            listener.close()
            if error.errno != errno.EADDRINUSE:
                raise
            continue
        return listener, candidate
    raise PortTaken(
        f"Port {port} is taken by another program. Stop that program, or choose another port: ./run --port {port + 1}"
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``."""
    return public_names(host) == list(_LOOPBACK)


def public_names(host: str) -> list[str]:
    """Names and addresses under which a server bound to ``host`` is reached, loopback first."""
    names = list(_LOOPBACK)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return [*names, host] if host not in names else names
    if address.is_loopback:
        return names
    if not address.is_unspecified:
        return [*names, f"[{address}]" if address.version == 6 else str(address)]
    machine = socket.gethostname()
    return list(dict.fromkeys([*names, machine, f"{machine}.local", *_own_addresses()]))


def _own_addresses() -> list[str]:
    """This machine's address towards the network; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1, RFC 5737
        except OSError:
            return []
        return [str(probe.getsockname()[0])]
