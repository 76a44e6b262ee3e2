/**
 * Makes foreign text safe to print: an e-mail address, a host or an error body could contain control characters that
 * move the cursor or change colors.
 * @param most the maximum length, in characters
 */
export function printable(text: string, most = 300): string {
  const safe = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\uFFFD')
  return safe.length > most ? `${safe.slice(0, most)}…` : safe
}
