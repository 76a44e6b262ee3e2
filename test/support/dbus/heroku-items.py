"""Looks at Heroku's items in any Secret Service, and removes them, with the prompts that any program gets.

usage: heroku-items.py unlock SECONDS    waits until there is a default collection, and unlocks it
       heroku-items.py accounts          prints a JSON list: the account of each item, locked ones included
       heroku-items.py clear             unlocks and removes them all; waits until the user has answered each prompt
"""

import json
import sys
import time

import dbus
import dbus.mainloop.glib
from gi.repository import GLib

SECRETS = "org.freedesktop.secrets"
SERVICE = "org.freedesktop.Secret.Service"
ITEM = "org.freedesktop.Secret.Item"
PROMPT = "org.freedesktop.Secret.Prompt"

bus = dbus.SessionBus(mainloop=dbus.mainloop.glib.DBusGMainLoop())


def at(path, interface):
    return dbus.Interface(bus.get_object(SECRETS, path, introspect=False), interface)


def service():
    return at("/org/freedesktop/secrets", SERVICE)


def unlock(seconds):
    deadline = time.monotonic() + float(seconds)
    while time.monotonic() < deadline:
        # KWallet reports an open wallet as locked until a client of this interface unlocks it.
        collection = service().ReadAlias("default") if bus.name_has_owner(SECRETS) else "/"
        if collection != "/":
            settle(service().Unlock([collection])[1])
            return
        time.sleep(0.02)
    sys.exit("there is no default collection")


def items():
    unlocked, locked = service().SearchItems(dbus.Dictionary({"service": "heroku-cli"}, signature="ss"))
    return [*unlocked, *locked]


def accounts():
    attributes = [at(path, dbus.PROPERTIES_IFACE).Get(ITEM, "Attributes") for path in items()]
    print(json.dumps([str(each["account"]) for each in attributes]))


def settle(prompt):
    """Shows a prompt, if there is one, and waits until it is answered."""
    if prompt == "/":
        return
    loop = GLib.MainLoop()
    at(prompt, PROMPT).connect_to_signal("Completed", lambda dismissed, result: loop.quit())
    at(prompt, PROMPT).Prompt("")
    loop.run()


def clear():
    found = items()
    if not found:
        return
    settle(service().Unlock(found)[1])
    for path in found:
        settle(at(path, ITEM).Delete())


COMMANDS = {"unlock": unlock, "accounts": accounts, "clear": clear}
COMMANDS[sys.argv[1]](*sys.argv[2:])
