// What is open so far, as functions that close it: from the end, when its work is done or has failed.

export type Closing = (() => unknown)[]

/** What cannot be closed, such as a file that a read-only disk keeps, is told of at once and holds up nothing else. */
export async function closeAll(closing: Closing, onError: (error: unknown) => void): Promise<void> {
  for (const close of closing.splice(0).reverse()) {
    try {
      await close()
    } catch (error) {
      onError(error)
    }
  }
}
