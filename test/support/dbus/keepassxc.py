"""Locks, closes and opens KeePassXC's database through its own D-Bus interface, without a dialog.

usage: keepassxc.py lock         locks it; its tab stays
       keepassxc.py close        closes it
       keepassxc.py open FILE    opens FILE with the password on stdin
"""

import sys

import dbus

NAME = "org.keepassxc.KeePassXC.MainWindow"

command, *arguments = sys.argv[1:]
window = dbus.Interface(dbus.SessionBus().get_object(NAME, "/keepassxc", introspect=False), NAME)
if command == "lock":
    window.lockAllDatabases()
elif command == "close":
    window.closeAllDatabases()
elif command == "open":
    window.openDatabase(arguments[0], sys.stdin.read())
else:
    sys.exit(__doc__)
