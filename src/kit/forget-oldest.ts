// Maps that stay bounded: a Map lists its entries in the order in which they were set.

/** Deletes from the front until `most` entries are left. To be kept, an entry is deleted and set again when it is used. */
export function forgetOldest(map: Map<unknown, unknown>, most: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= most) return
    map.delete(oldest)
  }
}
