// A promise that is waited for so long and no longer.

export class TooLongError extends Error {
  override readonly name = 'TooLongError'
}

/** What the promise gives, or TooLongError after `ms`; what it gives later goes to nobody. */
export function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    // Where this process itself was held up, what came meanwhile is read before anybody is said to be late.
    const late = () => setImmediate(() => reject(new TooLongError(`no answer within ${ms} ms`)))
    const timer = setTimeout(late, ms)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
