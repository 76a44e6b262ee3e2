// One of Heroku's two machine entries as users of netrc-parser see it. Its properties are looked up when they are first read.
// Changes are kept here: they reach neither netrc-parser's own entries nor the file.

/** A machine's properties by keyword, as in netrc-parser. */
export type Properties = Record<string, string>

/** A machine's properties as they were loaded. */
export interface Original {
  /** Looks them up if they are not known yet. Undefined if there is no such machine. */
  properties: () => Properties | undefined
  isKnown: () => boolean
}

export class HerokuMachine {
  /** The object that users of netrc-parser read and change. */
  readonly view: object

  private original: Original
  private changed = new Map<string, string | undefined>()
  /** Whether a machine was assigned. As in netrc-parser, it is merged into the machine that exists. */
  private assigned = false
  /** Whether the original machine was removed. */
  private removed = false

  constructor(
    readonly host: string,
    original: Original,
  ) {
    this.original = original
    this.view = new Proxy({}, this.handler())
  }

  exists(): boolean {
    return this.assigned || (!this.removed && this.original.properties() !== undefined)
  }

  assign(properties: object): void {
    this.assigned = true
    for (const [key, value] of Object.entries(properties)) this.set(key, value)
  }

  remove(): void {
    this.removed = true
    this.assigned = false
    this.changed.clear()
  }

  /** Its properties if they have changed, or 'removed'; undefined if it is unchanged. Looks up the original only if needed. */
  change(): Properties | 'removed' | undefined {
    const {assigned, changed, original, removed} = this
    if (!assigned && removed) return original.isKnown() && original.properties() === undefined ? undefined : 'removed'
    if (!assigned && changed.size === 0) return undefined
    const isComplete = changed.get('login') !== undefined && changed.get('password') !== undefined
    if (isComplete && !original.isKnown()) return definedOf(changed)
    const now = this.properties()
    return isSameLogin(now, original.properties()) ? undefined : now
  }

  /** Makes the present state the original one, after it was saved. */
  markSaved(): void {
    const now = this.exists() ? this.properties() : undefined
    this.original = {properties: () => now, isKnown: () => true}
    this.changed.clear()
    this.assigned = false
    this.removed = false
  }

  properties(): Properties {
    return definedOf(new Map<string, string | undefined>([...Object.entries(this.unchanged() ?? {}), ...this.changed]))
  }

  private unchanged(): Properties | undefined {
    return this.removed ? undefined : this.original.properties()
  }

  private get(key: string): string | undefined {
    if (key === 'host') return this.host
    if (this.changed.has(key)) return this.changed.get(key)
    const unchanged = this.unchanged()
    return unchanged && Object.hasOwn(unchanged, key) ? unchanged[key] : undefined
  }

  /** An empty value removes a property, as in netrc-parser. */
  private set(key: string, value: unknown): boolean {
    this.changed.set(key, value ? (value as string) : undefined)
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

/** Other properties, such as those of the old Heroku Toolbelt, do not count. */
const isSameLogin = (one: Properties, other: Properties | undefined) =>
  other !== undefined && one.login === other.login && one.password === other.password
