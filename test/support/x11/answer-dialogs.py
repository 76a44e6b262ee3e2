"""Presses a key in every window whose title contains one of the given words, like a user who answers a dialog.

usage: answer-dialogs.py KEY WORDS...    KEY is an X key name: Return presses the default button, Escape dismisses;
                                         None answers nothing

Prints `ready` once it watches, and then the title of each such window, in the order in which they appear.
"""

import sys

from Xlib import XK, X, display
from Xlib.error import BadMatch, BadWindow
from Xlib.ext import xtest

key, words = sys.argv[1], sys.argv[2:]
screen = display.Display()
root = screen.screen().root
root.change_attributes(event_mask=X.SubstructureNotifyMask)
seen = set()


def title_of(window):
    """Qt sets the title in UTF-8 before it shows a window."""
    for name in ("_NET_WM_NAME", "WM_NAME"):
        found = window.get_full_property(screen.get_atom(name), X.AnyPropertyType)
        if found:
            return found.value.decode() if isinstance(found.value, bytes) else str(found.value)
    return ""


def answer(window):
    title = title_of(window)
    if window.id in seen or not any(each in title for each in words):
        return
    seen.add(window.id)
    print(title, flush=True)
    if key == "None":
        return
    # There is no window manager to give a new window the keyboard.
    window.set_input_focus(X.RevertToPointerRoot, X.CurrentTime)
    code = screen.keysym_to_keycode(XK.string_to_keysym(key))
    for event in (X.KeyPress, X.KeyRelease):
        xtest.fake_input(screen, event, code)
    screen.sync()


def answer_if_there(window):
    try:
        answer(window)
    except (BadMatch, BadWindow):
        # The window was closed in the meantime.
        pass


for window in root.query_tree().children:
    if window.get_attributes().map_state == X.IsViewable:
        answer_if_there(window)
print("ready", flush=True)
while True:
    event = screen.next_event()
    if event.type == X.MapNotify:
        answer_if_there(event.window)
    elif event.type in (X.UnmapNotify, X.DestroyNotify):
        seen.discard(event.window.id)
