"""A Secret Service with one locked item, whose every prompt the user dismisses at once.

usage: dismissing-provider.py LABEL [NAME=VALUE...]    the item's label and attributes

Prints `ready` once it has the name, and `dismissed` for every prompt.
"""

import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

ROOT = "/org/freedesktop/secrets"
COLLECTION = ROOT + "/collection/login"
ITEM = COLLECTION + "/1"
UNLOCK, CREATE, DELETE = (ROOT + "/prompt/" + what for what in ("unlock", "create", "delete"))
SESSION = ROOT + "/session/s1"

LABEL = sys.argv[1]
ATTRIBUTES = dict(argument.split("=", 1) for argument in sys.argv[2:])
STAMP = dbus.UInt64(0)


def paths(*each):
    return dbus.Array(each, signature="o")


class Properties(dbus.service.Object):
    """An object that has its properties in `values`, of the interface `interface`."""

    interface = ""
    values = {}

    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        return self.values[name]

    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return self.values if interface == self.interface else {}


class Service(Properties):
    interface = "org.freedesktop.Secret.Service"
    values = {"Collections": paths(COLLECTION)}

    @dbus.service.method(interface, in_signature="sv", out_signature="vo")
    def OpenSession(self, algorithm, exchange):
        if algorithm != "plain":
            raise dbus.DBusException("plain alone", name="org.freedesktop.DBus.Error.NotSupported")
        return dbus.String("", variant_level=1), dbus.ObjectPath(SESSION)

    @dbus.service.method(interface, in_signature="a{ss}", out_signature="aoao")
    def SearchItems(self, wanted):
        found = all(ATTRIBUTES.get(name) == value for name, value in wanted.items())
        return paths(), paths(ITEM) if found else paths()

    @dbus.service.method(interface, in_signature="ao", out_signature="aoo")
    def Unlock(self, objects):
        return paths(), dbus.ObjectPath(UNLOCK)

    @dbus.service.method(interface, in_signature="ao", out_signature="aoo")
    def Lock(self, objects):
        return paths(*objects), dbus.ObjectPath("/")

    @dbus.service.method(interface, in_signature="aoo", out_signature="a{o(oayays)}")
    def GetSecrets(self, items, session):
        return dbus.Dictionary({}, signature="o(oayays)")

    @dbus.service.method(interface, in_signature="s", out_signature="o")
    def ReadAlias(self, name):
        return dbus.ObjectPath(COLLECTION if name in ("default", "login") else "/")


class Collection(Properties):
    interface = "org.freedesktop.Secret.Collection"
    values = {"Items": paths(ITEM), "Label": "Login", "Locked": True, "Created": STAMP, "Modified": STAMP}

    @dbus.service.method(interface, in_signature="a{sv}(oayays)b", out_signature="oo")
    def CreateItem(self, properties, secret, replace):
        return dbus.ObjectPath("/"), dbus.ObjectPath(CREATE)


class Item(Properties):
    interface = "org.freedesktop.Secret.Item"
    values = {
        "Locked": True,
        "Attributes": dbus.Dictionary(ATTRIBUTES, signature="ss"),
        "Label": LABEL,
        "Created": STAMP,
        "Modified": STAMP,
    }

    @dbus.service.method(interface, out_signature="o")
    def Delete(self):
        return dbus.ObjectPath(DELETE)


class Prompt(dbus.service.Object):
    interface = "org.freedesktop.Secret.Prompt"

    # Of the type that the operation would have given: libsecret 0.20.5 waits for ever on a result of another type.
    results = {
        UNLOCK: dbus.Array([], signature="o", variant_level=1),
        CREATE: dbus.ObjectPath("/", variant_level=1),
        DELETE: dbus.String("", variant_level=1),
    }

    @dbus.service.method(interface, in_signature="s")
    def Prompt(self, window):
        print("dismissed", flush=True)
        # After the answer to this call, as from somebody at a screen.
        GLib.idle_add(self.complete)

    @dbus.service.method(interface)
    def Dismiss(self):
        GLib.idle_add(self.complete)

    def complete(self):
        self.Completed(True, self.results[self._object_path])
        return False

    @dbus.service.signal(interface, signature="bv")
    def Completed(self, dismissed, result):
        pass


class Session(dbus.service.Object):
    @dbus.service.method("org.freedesktop.Secret.Session")
    def Close(self):
        pass


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
name = dbus.service.BusName("org.freedesktop.secrets", dbus.SessionBus(), do_not_queue=True)
objects = [
    kind(name, path)
    for kind, path in [(Service, ROOT), (Collection, COLLECTION), (Item, ITEM), (Session, SESSION)]
    + [(Prompt, path) for path in Prompt.results]
]
print("ready", flush=True)
GLib.MainLoop().run()
