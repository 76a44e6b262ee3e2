// Folders that nobody can write, root included.

/** What to run instead of a program, so that modes count for it, as they do for anybody but root. */
export function heedingModes(file: string, args: readonly string[]): [file: string, args: string[]] {
  if (process.getuid?.() !== 0) return [file, [...args]]
  return ['setpriv', ['--bounding-set=-dac_override', '--inh-caps=-dac_override', file, ...args]]
}

/** What to run instead of a program, so that a folder is a read-only file system for it and for nobody else. */
export function withReadOnly(folder: string, file: string, args: readonly string[]): [file: string, args: string[]] {
  const rights = process.getuid?.() === 0 ? [] : ['--map-root-user']
  const mount = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
  return ['unshare', ['--mount', ...rights, 'sh', '-c', mount, folder, file, ...args]]
}
