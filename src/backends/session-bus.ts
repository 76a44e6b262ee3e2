import {existsSync} from 'node:fs'
import {join} from 'node:path'

/**
 * Whether a program can find a D-Bus session bus, as GLib looks for it (g_bus_get, GLib 2.74). Starts no process.
 * @param env where DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR and DISPLAY are looked up
 */
export function hasSessionBus({
  DBUS_SESSION_BUS_ADDRESS: address,
  DISPLAY,
  XDG_RUNTIME_DIR,
}: NodeJS.ProcessEnv): boolean {
  if (address !== undefined && address !== '') {
    const path = /^unix:path=([^,;%]*)(?:,[^;]*)?$/u.exec(address)?.[1]
    return path === undefined || existsSync(path)
  }
  // With a display, dbus-launch may start one.
  return Boolean(DISPLAY) || (XDG_RUNTIME_DIR !== undefined && existsSync(join(XDG_RUNTIME_DIR, 'bus')))
}
