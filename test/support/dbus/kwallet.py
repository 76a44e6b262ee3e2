"""Opens KWallet's wallet `kdewallet`, which is created if there is none, as its PAM module does at a login.

usage: kwallet.py open SECONDS    waits until KWallet is there, and the wallet is open and on the disk
"""

import os
import sys
import time

import dbus

WALLET = "kdewallet"
FILE = os.path.join(os.environ["XDG_DATA_HOME"], "kwalletd", f"{WALLET}.kwl")
# What the PAM module derives from the user's password: 56 bytes.
KEY = dbus.ByteArray(b"k" * 56)


def open_wallet(seconds):
    bus = dbus.SessionBus()
    deadline = time.monotonic() + float(seconds)
    while time.monotonic() < deadline:
        if bus.name_has_owner("org.kde.kwalletd5") and bus.name_has_owner("org.freedesktop.secrets"):
            wallets = bus.get_object("org.kde.kwalletd5", "/modules/kwalletd5", introspect=False)
            kwallet = dbus.Interface(wallets, "org.kde.KWallet")
            kwallet.pamOpen(WALLET, KEY, 0, signature="sayi")
            if kwallet.isOpen(WALLET, signature="s") and os.path.exists(FILE):
                return
        time.sleep(0.02)
    sys.exit("the wallet did not open")


COMMANDS = {"open": open_wallet}
COMMANDS[sys.argv[1]](*sys.argv[2:])
