"""A Secret Service with one item, which behaves like one of the providers that users have.

usage: provider.py BEHAVIOUR PROMPTS LABEL [NAME=VALUE...]    the item's label and attributes

BEHAVIOUR is one of
  dismissed     the item is locked, and the user dismisses every prompt at once, as on GNOME Keyring
  kwallet       the same on KWallet, which does not say of the item itself that it is locked
  keepassxc     the same on KeePassXC, which answers with an error that has no text
  closed        the database of KeePassXC is closed: it shows no item, and stores none
  ignoring      KeePassXC has no group to store into: it shows no item, and takes a store for done
  confirming    KeePassXC with "confirm access": the item is locked for every new client, and the user allows each access;
                it can be replaced without a question, and never removed

Prints `ready` once it has the name, and appends a line to the file PROMPTS for every prompt that the user would see.
"""

import sys

import dbus
import dbus.lowlevel
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

ROOT = "/org/freedesktop/secrets"
COLLECTION = ROOT + "/collection/login"
DEFAULT = ROOT + "/aliases/default"
ITEM = COLLECTION + "/1"
UNLOCK, DELETE = (ROOT + "/prompt/" + what for what in ("unlock", "delete"))
IS_LOCKED = "org.freedesktop.Secret.Error.IsLocked"
SESSION = ROOT + "/session/s1"

BEHAVIOUR = sys.argv[1]
PROMPTS = sys.argv[2]
LABEL = sys.argv[3]
ATTRIBUTES = dict(argument.split("=", 1) for argument in sys.argv[4:])
HIDDEN = BEHAVIOUR in ("closed", "ignoring")
STAMP = dbus.UInt64(0)


secret = b"HRKU-held"


def prompted():
    with open(PROMPTS, "a") as prompts:
        print("prompt", file=prompts)


def refuse(message, send):
    """Answers with an error that has no text."""
    send(dbus.lowlevel.ErrorMessage(message, IS_LOCKED, None))


def paths(*each):
    return dbus.Array(each, signature="o")


class Properties(dbus.service.Object):
    """An object of the interface `interface` with its properties in `values`."""

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
        found = not HIDDEN and all(ATTRIBUTES.get(name) == value for name, value in wanted.items())
        return paths(), paths(ITEM) if found else paths()

    @dbus.service.method(
        interface,
        in_signature="ao",
        out_signature="aoo",
        async_callbacks=("done", "failed"),
        message_keyword="message",
        connection_keyword="connection",
    )
    def Unlock(self, objects, done, failed, message, connection):
        if BEHAVIOUR == "keepassxc":
            prompted()
            refuse(message, connection.send_message)
        elif BEHAVIOUR == "confirming":
            prompted()
            done(paths(*objects), dbus.ObjectPath("/"))
        elif BEHAVIOUR == "ignoring":
            done(paths(*objects), dbus.ObjectPath("/"))
        else:
            done(paths(), dbus.ObjectPath(UNLOCK))

    @dbus.service.method(interface, in_signature="ao", out_signature="aoo")
    def Lock(self, objects):
        return paths(*objects), dbus.ObjectPath("/")

    @dbus.service.method(interface, in_signature="aoo", out_signature="a{o(oayays)}")
    def GetSecrets(self, items, session):
        held = {item: (session, dbus.ByteArray(b""), dbus.ByteArray(secret), "text/plain") for item in items}
        return dbus.Dictionary(held if BEHAVIOUR == "confirming" else {}, signature="o(oayays)")

    @dbus.service.method(interface, in_signature="s", out_signature="o")
    def ReadAlias(self, name):
        return dbus.ObjectPath(COLLECTION if name in ("default", "login") else "/")


class Collection(Properties):
    interface = "org.freedesktop.Secret.Collection"
    values = {"Items": paths(ITEM), "Label": "Login", "Locked": BEHAVIOUR not in ("ignoring", "confirming"), "Created": STAMP, "Modified": STAMP}

    @dbus.service.method(interface, in_signature="a{sv}(oayays)b", out_signature="oo")
    def CreateItem(self, properties, created, replace):
        global secret
        if BEHAVIOUR == "confirming":
            secret = bytes(created[2])
            return dbus.ObjectPath(ITEM), dbus.ObjectPath("/")
        if BEHAVIOUR == "ignoring":
            return dbus.ObjectPath("/"), dbus.ObjectPath("/")
        raise dbus.DBusException("Cannot create an item in a locked collection", name=IS_LOCKED)


class Item(Properties):
    interface = "org.freedesktop.Secret.Item"
    values = {
        "Locked": BEHAVIOUR != "kwallet",
        "Attributes": dbus.Dictionary(ATTRIBUTES, signature="ss"),
        "Label": LABEL,
        "Created": STAMP,
        "Modified": STAMP,
    }

    @dbus.service.method(
        interface,
        in_signature="o",
        out_signature="(oayays)",
        async_callbacks=("done", "failed"),
        message_keyword="message",
        connection_keyword="connection",
    )
    def GetSecret(self, session, done, failed, message, connection):
        if BEHAVIOUR == "kwallet":
            done((session, dbus.ByteArray(b""), dbus.ByteArray(b""), "text/plain"))
        elif BEHAVIOUR == "dismissed":
            failed(dbus.DBusException("Cannot get secret of a locked object", name=IS_LOCKED))
        else:
            refuse(message, connection.send_message)

    @dbus.service.method(interface, out_signature="o")
    def Delete(self):
        return dbus.ObjectPath(DELETE)


class Prompt(dbus.service.Object):
    interface = "org.freedesktop.Secret.Prompt"

    # Must have the operation's result type: libsecret 0.20.5 waits for ever on a result of another type.
    results = {
        UNLOCK: dbus.Array([], signature="o", variant_level=1),
        DELETE: dbus.String("", variant_level=1),
    }

    @dbus.service.method(interface, in_signature="s")
    def Prompt(self, window):
        prompted()
        # After the answer to this call, as when a user answers the prompt.
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
    for kind, path in [(Service, ROOT), (Collection, COLLECTION), (Collection, DEFAULT), (Item, ITEM), (Session, SESSION)]
    + [(Prompt, path) for path in Prompt.results]
]
print("ready", flush=True)
GLib.MainLoop().run()
