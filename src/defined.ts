type Optional<T> = {[K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>}
type Required<T> = {[K in keyof T as undefined extends T[K] ? never : K]: T[K]}

/** A copy of an object without its undefined properties. */
export const defined = <T extends object>(properties: T): Optional<T> & Required<T> =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined)) as Optional<T> & Required<T>
