/**
 * Makes text from elsewhere safe to show: an e-mail address, a host or an error body could hold control characters
 * that move the cursor or recolour the terminal.
 * @param text any text
 * @param most the greatest length to show, in characters
 */
export function printable(text: string, most = 300): string {
  const safe = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\uFFFD')
  return safe.length > most ? `${safe.slice(0, most)}…` : safe
}
