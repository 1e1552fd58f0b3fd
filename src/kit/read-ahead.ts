// Reading what comes next while what came last is dealt with.

/** What `read` gives of each item, in their order, while it is under way for the next `ahead`. What fails is thrown in its turn. */
export async function* readAhead<Item, T>(
  items: Iterable<Item> | AsyncIterable<Item>,
  ahead: number,
  read: (item: Item) => Promise<T>,
): AsyncIterable<T> {
  const asked: Promise<T>[] = []
  for await (const item of items) {
    const answer = read(item)
    // A caller that has stopped listening by then leaves it unheard.
    answer.catch(() => {})
    asked.push(answer)
    if (asked.length > ahead) yield (await asked.shift()) as T
  }
  for (const answer of asked) yield await answer
}
