// Maps and sets that stay bounded: they list what they hold in the order in which it was put there.

/** Deletes from the front until `most` are left. To be kept, what is used is deleted and put there again. */
export function forgetOldest(held: Map<unknown, unknown> | Set<unknown>, most: number): void {
  for (const oldest of held.keys()) {
    if (held.size <= most) return
    held.delete(oldest)
  }
}
