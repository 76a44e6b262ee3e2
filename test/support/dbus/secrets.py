"""Reads a Secret Service and changes its state, without libsecret and its prompts.

usage: secrets.py wait-unlocked SECONDS    waits until there is a default collection and it is unlocked
       secrets.py items                    prints a JSON list: label, attributes, secret (base64; null if locked), locked
       secrets.py lock | unlock [PATH]     locks or unlocks a collection, by default the default one; `unlock` reads the
                                           password on stdin
       secrets.py remove-password          gives the default collection an empty password, for the one on stdin
       secrets.py add-collection           adds a collection with the password on stdin, and prints its path
       secrets.py pid                      prints the process id of the provider, without starting one
"""

import base64
import json
import sys
import time

import dbus

SECRETS = "org.freedesktop.secrets"
SERVICE = "org.freedesktop.Secret.Service"
COLLECTION = "org.freedesktop.Secret.Collection"
ITEM = "org.freedesktop.Secret.Item"
# GNOME Keyring's interface to unlock with a password and without a prompt.
INTERNAL = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"

bus = dbus.SessionBus()


def at(path, interface):
    # Introspection would cost time for nothing.
    return dbus.Interface(bus.get_object(SECRETS, path, introspect=False), interface)


def get(path, interface, name):
    return at(path, dbus.PROPERTIES_IFACE).Get(interface, name)


def service():
    return at("/org/freedesktop/secrets", SERVICE)


def session():
    return service().OpenSession("plain", dbus.String("", variant_level=1))[1]


def default_collection():
    path = service().ReadAlias("default")
    if path == "/":
        raise LookupError("there is no default collection")
    return path


def wait_unlocked(seconds):
    deadline = time.monotonic() + float(seconds)
    while True:
        try:
            # Check the name's owner first: a call would activate a provider where the bus is configured to.
            if bus.name_has_owner(SECRETS) and not get(default_collection(), COLLECTION, "Locked"):
                return
        except (LookupError, dbus.DBusException):
            pass
        if time.monotonic() > deadline:
            sys.exit("the keyring is not there, or not unlocked")
        time.sleep(0.02)


def items():
    opened = session()
    found = []
    for collection in get("/org/freedesktop/secrets", SERVICE, "Collections"):
        for path in get(collection, COLLECTION, "Items"):
            locked = bool(get(path, ITEM, "Locked"))
            secret = None
            if not locked:
                secret = base64.b64encode(bytes(at(path, ITEM).GetSecret(opened)[2])).decode()
            attributes = get(path, ITEM, "Attributes")
            found.append(
                {
                    "label": str(get(path, ITEM, "Label")),
                    # libsecret's xdg:schema appears and disappears with a restart of GNOME Keyring 42.
                    "attributes": {str(n): str(v) for n, v in attributes.items() if n != "xdg:schema"},
                    "secret": secret,
                    "locked": locked,
                }
            )
    print(json.dumps(found))


def lock(path=None):
    service().Lock([dbus.ObjectPath(path or default_collection())])


def password(value=None):
    value = dbus.ByteArray(sys.stdin.buffer.read() if value is None else value)
    return dbus.Struct((session(), dbus.ByteArray(b""), value, "text/plain"), signature="oayays")


def remove_password():
    service = at("/org/freedesktop/secrets", INTERNAL)
    service.ChangeWithMasterPassword(default_collection(), password(), password(b""))


def unlock(path=None):
    at("/org/freedesktop/secrets", INTERNAL).UnlockWithMasterPassword(
        dbus.ObjectPath(path or default_collection()), password()
    )


def add_collection():
    named = dbus.Dictionary({COLLECTION + ".Label": "Other"}, signature="sv")
    print(at("/org/freedesktop/secrets", INTERNAL).CreateWithMasterPassword(named, password()), end="")


def pid():
    daemon = dbus.Interface(bus.get_object("org.freedesktop.DBus", "/"), "org.freedesktop.DBus")
    print(int(daemon.GetConnectionUnixProcessID(SECRETS)))


COMMANDS = {
    "wait-unlocked": wait_unlocked,
    "items": items,
    "lock": lock,
    "unlock": unlock,
    "remove-password": remove_password,
    "add-collection": add_collection,
    "pid": pid,
}
COMMANDS[sys.argv[1]](*sys.argv[2:])
