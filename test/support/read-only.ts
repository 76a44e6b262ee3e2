// Read-only folders, also for root.

/** Wraps a command so that file modes apply to it even as root. */
export function heedingModes(file: string, args: readonly string[]): [file: string, args: string[]] {
  if (process.getuid?.() !== 0) return [file, [...args]]
  return ['setpriv', ['--bounding-set=-dac_override', '--inh-caps=-dac_override', file, ...args]]
}

/** Wraps a command so that, for it alone, a folder is on a read-only file system. */
export const withReadOnly = (folder: string, file: string, args: readonly string[]) =>
  withMount('mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"', folder, file, args)

/** Wraps a command so that, for it alone, a folder is on a full disk; existing files stay. */
export const withFullDisk = (folder: string, file: string, args: readonly string[]) =>
  withMount(
    `mount --bind "$0" /mnt && mount -t tmpfs -o size=64k tmpfs "$0" && cp -a /mnt/. "$0" &&
      { cat /dev/zero >"$0/full" 2>/dev/null; "$@"; status=$?; rm "$0/full"; cp -a "$0/." /mnt; exit $status; }`,
    folder,
    file,
    args,
  )

/** Runs a command in its own namespace, as root there, without being root outside. */
function withMount(
  script: string,
  folder: string,
  file: string,
  args: readonly string[],
): [file: string, args: string[]] {
  const rights = process.getuid?.() === 0 ? [] : ['--map-root-user']
  return ['unshare', ['--mount', ...rights, 'sh', '-c', script, folder, file, ...args]]
}
