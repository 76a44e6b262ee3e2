import buffer from 'node:buffer'

/**
 * Has node show nothing of the bytes in buffers, where NODE_DEBUG asks it to show a lot: `stream` (and so `*`) prints
 * the first fifty bytes of whatever comes through a stream, which is a whole token or password (node 20 to 24).
 */
export function hideBytes(): void {
  if (process.env.NODE_DEBUG) buffer.INSPECT_MAX_BYTES = 0
}
