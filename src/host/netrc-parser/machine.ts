// One of Heroku's two machines, as readers of netrc-parser see it: what it shows is asked for when somebody looks, and
// what they do to it is noted here, and reaches neither netrc-parser's own machines nor, by those, a file.

/** A machine's properties by their keywords, as netrc-parser has them. */
export type Properties = Record<string, string>

/** What a machine holds before anybody changes it. */
export interface Before {
  /** Asks, if need be. Undefined if there is no such machine. */
  properties: () => Properties | undefined
  /** Whether that is known already, so that to ask again costs nothing. */
  isKnown: () => boolean
}

export class HerokuMachine {
  /** What a reader gets. */
  readonly view: object

  private before: Before
  private own = new Map<string, string | undefined>()
  /** Whether a machine was put here: in the place of none, or over the one that is here, as netrc-parser does it. */
  private made = false
  /** Whether the one that was here was taken away. */
  private gone = false

  constructor(
    readonly host: string,
    before: Before,
  ) {
    this.before = before
    this.view = new Proxy({}, this.handler())
  }

  exists(): boolean {
    return this.made || (!this.gone && this.before.properties() !== undefined)
  }

  put(properties: object): void {
    this.made = true
    for (const [key, value] of Object.entries(properties)) this.set(key, value)
  }

  remove(): void {
    this.gone = true
    this.made = false
    this.own.clear()
  }

  /** What became of it: its properties, 'removed', or undefined if it is as before. Asks only where it has to. */
  change(): Properties | 'removed' | undefined {
    const {before, gone, made, own} = this
    if (!made && gone) return before.isKnown() && before.properties() === undefined ? undefined : 'removed'
    if (!made && own.size === 0) return undefined
    const whole = own.get('login') !== undefined && own.get('password') !== undefined
    if (whole && !before.isKnown()) return definedOf(own)
    const now = this.properties()
    return isSame(now, before.properties()) ? undefined : now
  }

  /** Takes it as it is now for how it was before. */
  settle(): void {
    const now = this.exists() ? this.properties() : undefined
    this.before = {properties: () => now, isKnown: () => true}
    this.own.clear()
    this.made = false
    this.gone = false
  }

  /** All that it has now. */
  properties(): Properties {
    const before = this.gone ? undefined : this.before.properties()
    return definedOf(new Map<string, string | undefined>([...Object.entries(before ?? {}), ...this.own]))
  }

  private get(key: string): string | undefined {
    if (key === 'host') return this.host
    if (this.own.has(key)) return this.own.get(key)
    const before = this.gone ? undefined : this.before.properties()
    return before && Object.hasOwn(before, key) ? before[key] : undefined
  }

  /** An empty value takes a property away, as in netrc-parser. */
  private set(key: string, value: unknown): boolean {
    this.own.set(key, value ? (value as string) : undefined)
    return true
  }

  private handler(): ProxyHandler<object> {
    return {
      get: (target, key, receiver) =>
        typeof key === 'string' ? this.get(key) : (Reflect.get(target, key, receiver) as unknown),
      has: (_, key) => typeof key === 'string' && this.get(key) !== undefined,
      set: (_, key, value) => typeof key === 'string' && this.set(key, value),
      deleteProperty: (_, key) => typeof key === 'string' && this.set(key, undefined),
      ownKeys: () => Object.keys(this.properties()),
      getOwnPropertyDescriptor: (_, key) => {
        const value = typeof key === 'string' ? this.get(key) : undefined
        return value === undefined ? undefined : {value, writable: true, enumerable: true, configurable: true}
      },
    }
  }
}

function definedOf(properties: Map<string, string | undefined>): Properties {
  const defined: Properties = {}
  for (const [key, value] of properties) if (value !== undefined) defined[key] = value
  return defined
}

/** Whether they come to the same login: what else a machine may have is Heroku's old toolbelt's. */
const isSame = (one: Properties, other: Properties | undefined) =>
  other !== undefined && one.login === other.login && one.password === other.password
