// How long the event loop was held up at the most while something ran, beside how long that took in all: the first is a
// small part of the second where others have their turn, however fast the machine.
import { setImmediate } from 'node:timers/promises'

export async function longestHold(work: Promise<unknown>): Promise<{ longest: number; total: number }> {
  const started = performance.now()
  let longest = 0
  let running = true
  const watching = (async () => {
    for (let last = started; running; ) {
      await setImmediate()
      const now = performance.now()
      longest = Math.max(longest, now - last)
      last = now
    }
  })()
  await work
  running = false
  await watching
  return { longest, total: performance.now() - started }
}
