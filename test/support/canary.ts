// Finds secrets in text: whole or in part, as they are or in the encodings that programs use for bytes.

/** Any twelve consecutive characters of a secret count as the secret; one piece begins at every fourth character. */
const PIECE = 12
const STEP = 4

/** An encoding of bytes, with its name in the findings. */
export type Form = 'plain' | 'URL-encoded' | 'JSON' | 'hexadecimal' | 'decimal' | 'base64'

/** A secret to search for. */
export interface Canary {
  /** Its name in a finding: `the token`. Findings never contain the secret. */
  name: string
  secret: string
}

export interface Finding {
  what: string
  form: Form
}

/**
 * Prepares a search.
 * @returns a function that returns its findings in a text (bytes as `latin1`), each canary at most once
 */
export function searchFor(canaries: readonly Canary[]): (text: string) => Finding[] {
  const wanted = canaries.map(({name, secret}) => ({name, forms: formsOf(secret)}))
  return (text) => {
    const squeezed = squeeze(text)
    return wanted.flatMap(({forms, name}) => {
      const found = forms.find(({text}) => squeezed.includes(text))
      return found ? [{what: name, form: found.form}] : []
    })
  }
}

/** Keeps printable ASCII only: drops line breaks and indentation of wrapped text, colours, and UTF-16's NULs. */
function squeeze(text: string): string {
  // eslint-disable-next-line no-control-regex -- this matches control sequences
  return text.replaceAll(/\u001B\[[\d;?]*[A-Za-z]/gu, '').replaceAll(/[^!-~]+/gu, '')
}

function formsOf(secret: string): {form: Form; text: string}[] {
  const all = piecesOf(secret).flatMap((piece) => {
    const bytes = Buffer.from(piece)
    const hex = bytes.toString('hex')
    const escaped = JSON.stringify(piece).slice(1, -1)
    return [
      ['plain', piece],
      ['URL-encoded', encodeURIComponent(piece)],
      ['JSON', escaped],
      ['JSON', escaped.replaceAll('/', String.raw`\/`)],
      ['hexadecimal', hex],
      ['hexadecimal', hex.toUpperCase()],
      ['hexadecimal', hex.replaceAll(/../gu, String.raw`\x$&`)],
      ['decimal', [...bytes].join(',')],
      ...[0, 1, 2].flatMap((before) =>
        (['base64', 'base64url'] as const).map((alphabet) => ['base64', base64Of(bytes, before, alphabet)] as const),
      ),
    ] as const
  })
  return all.map(([form, text]) => ({form, text: squeeze(text)}))
}

function piecesOf(secret: string): string[] {
  if (secret.length < 4) throw new Error('a canary of so few characters would be found everywhere')
  const last = Math.max(0, secret.length - PIECE)
  const starts = Array.from({length: Math.floor(last / STEP) + 1}, (_, index) => index * STEP)
  return [...new Set([...starts, last])].map((start) => secret.slice(start, start + PIECE))
}

/** The base64 form of these bytes when `before` bytes precede them (as after `heroku:`). */
function base64Of(bytes: Buffer, before: number, alphabet: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString(alphabet)
  const from = Math.ceil((before * 8) / 6)
  return text.slice(from, Math.floor(((before + bytes.length) * 8) / 6))
}
