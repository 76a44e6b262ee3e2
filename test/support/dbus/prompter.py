"""A prompter without a user: accepts every request to ask for a password, and never answers.

Prints `ready` once it has the name, and `asked` for every request.
"""

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME = "org.gnome.keyring.SystemPrompter"
INTERFACE = "org.gnome.keyring.internal.Prompter"


class Prompter(dbus.service.Object):
    @dbus.service.method(INTERFACE, in_signature="o")
    def BeginPrompting(self, callback):
        print("asked", flush=True)

    @dbus.service.method(INTERFACE, in_signature="osa{sv}s")
    def PerformPrompt(self, callback, kind, properties, exchange):
        pass

    @dbus.service.method(INTERFACE, in_signature="o")
    def StopPrompting(self, callback):
        pass


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
name = dbus.service.BusName(NAME, dbus.SessionBus(), do_not_queue=True)
prompter = Prompter(name, "/org/gnome/keyring/Prompter")
print("ready", flush=True)
GLib.MainLoop().run()
