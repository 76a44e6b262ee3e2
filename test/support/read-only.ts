// Folders that nobody can write, root included.

/** What to run instead of a program, so that modes count for it, as they do for anybody but root. */
export function heedingModes(file: string, args: readonly string[]): [file: string, args: string[]] {
  if (process.getuid?.() !== 0) return [file, [...args]]
  return ['setpriv', ['--bounding-set=-dac_override', '--inh-caps=-dac_override', file, ...args]]
}

/** What to run instead of a program, so that a folder is a read-only file system for it and for nobody else. */
export const withReadOnly = (folder: string, file: string, args: readonly string[]) =>
  withMount('mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"', folder, file, args)

/** What to run instead of a program, so that a folder is a disk without room for it and for nobody else; files stay. */
export const withFullDisk = (folder: string, file: string, args: readonly string[]) =>
  withMount(
    `mount --bind "$0" /mnt && mount -t tmpfs -o size=64k tmpfs "$0" && cp -a /mnt/. "$0" &&
      { cat /dev/zero >"$0/full" 2>/dev/null; "$@"; status=$?; rm "$0/full"; cp -a "$0/." /mnt; exit $status; }`,
    folder,
    file,
    args,
  )

/** In a namespace of its own, where a user is root who need not be root outside. */
function withMount(
  script: string,
  folder: string,
  file: string,
  args: readonly string[],
): [file: string, args: string[]] {
  const rights = process.getuid?.() === 0 ? [] : ['--map-root-user']
  return ['unshare', ['--mount', ...rights, 'sh', '-c', script, folder, file, ...args]]
}
