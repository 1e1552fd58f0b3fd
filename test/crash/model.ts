// What must be true after a crash: every acknowledged change is there, and of an unacknowledged one each atom is
// wholly done or not done at all. Pure: it is told what was asked and acknowledged, and is shown what is there.

/** One message in one mailbox. `uid` is unknown where nothing told it (LMTP). */
export interface Placement {
  readonly mailbox: string
  readonly token: string
  readonly uid: number | undefined
  readonly flags: readonly string[]
  /** The client that alone may change it. */
  readonly owner: number
}

/** Before the change it is so, after it so, and never in between: MOVE's atom is here or there. */
export interface Atom {
  readonly before: readonly Placement[]
  readonly after: readonly Placement[]
}

export interface Change {
  readonly name: string
  readonly atoms: readonly Atom[]
  /** All atoms or none (COPY: RFC 3501 §6.4.7; one SMTP transaction); otherwise each may be done apart. */
  readonly together: boolean
}

export interface Found {
  readonly mailbox: string
  readonly token: string
  readonly uid: number
  readonly flags: readonly string[]
}

export class Model {
  #placed: Placement[] = []

  placed(mailbox: string, owner: number): Placement[] {
    return this.#placed.filter((one) => one.mailbox === mailbox && one.owner === owner)
  }

  count(owner: number): number {
    return this.#placed.filter((one) => one.owner === owner).length
  }

  /** The change was acknowledged; `after` stands for its atoms' own where the answer told their UIDs. */
  acknowledge(
    change: Change,
    after: readonly Placement[] = change.atoms.flatMap((atom) => atom.after),
  ): void {
    const gone = new Set(change.atoms.flatMap((atom) => atom.before))
    this.#placed = [...this.#placed.filter((one) => !gone.has(one)), ...after]
  }

  /** Compares, says what is wrong, and goes on from what is there. */
  settle(found: readonly Found[], pending: readonly Change[]): string[] {
    const open = new Set(pending.flatMap(({ atoms }) => atoms.flatMap(({ before }) => before)))
    const there = new Remaining(found)
    const problems: string[] = []
    const kept: Placement[] = []
    const keep = (one: Placement) => kept.push({ ...one, uid: there.take(one)?.uid })
    for (const one of this.#placed.filter((each) => !open.has(each))) {
      if (there.has([one])) keep(one)
      else problems.push(`lost: ${describe(one)}; there is ${there.near(one)}`)
    }
    for (const change of pending) problems.push(...settleChange(change, there, keep))
    for (const one of there.rest()) problems.push(`never asked for: ${describe(one)}`)
    this.#placed = kept
    return problems
  }
}

function settleChange(change: Change, there: Remaining, keep: (one: Placement) => void): string[] {
  const outcomes = change.atoms.map((atom) => settleAtom(atom, there, keep))
  const half = outcomes.flatMap((outcome, at) =>
    outcome === 'neither' ? [`half done: ${change.name}: ${describeAtom(change.atoms[at])}`] : [],
  )
  const mixed = change.together && new Set(outcomes).size > 1
  return mixed ? [...half, `partly done: ${change.name}: ${outcomes.join(', ')}`] : half
}

function settleAtom({ before, after }: Atom, there: Remaining, keep: (one: Placement) => void) {
  const side = (placements: readonly Placement[]) => placements.length > 0 && there.has(placements)
  if (side(before)) {
    before.forEach(keep)
    return 'before'
  }
  if (side(after)) {
    after.forEach(keep)
    return 'after'
  }
  if (before.length === 0) return 'before'
  return after.length === 0 ? 'after' : 'neither'
}

/** What is there and not yet accounted for. */
class Remaining {
  readonly #byToken = new Map<string, Found[]>()

  constructor(found: readonly Found[]) {
    for (const one of found) {
      const list = this.#byToken.get(one.token)
      if (list === undefined) this.#byToken.set(one.token, [one])
      else list.push(one)
    }
  }

  has(placements: readonly Placement[]): boolean {
    return placements.every((one) => this.#find(one) !== undefined)
  }

  take(placement: Placement): Found | undefined {
    const one = this.#find(placement)
    const list = this.#byToken.get(placement.token)
    if (one !== undefined) list?.splice(list.indexOf(one), 1)
    return one
  }

  rest(): Found[] {
    return [...this.#byToken.values()].flat()
  }

  near({ token }: Placement): string {
    return this.#byToken.get(token)?.map(describe).join(', ') || 'no copy of it'
  }

  #find(placement: Placement): Found | undefined {
    return this.#byToken
      .get(placement.token)
      ?.find(
        (one) =>
          one.mailbox === placement.mailbox &&
          (placement.uid === undefined || one.uid === placement.uid) &&
          sameFlags(one.flags, placement.flags),
      )
  }
}

function sameFlags(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((flag) => other.includes(flag))
}

function describe({ mailbox, token, uid, flags }: Found | Placement): string {
  return `${token} as UID ${uid ?? '?'} of ${mailbox} (${flags.join(' ')})`
}

function describeAtom(atom: Atom | undefined): string {
  return `[${atom?.before.map(describe).join(', ')}] → [${atom?.after.map(describe).join(', ')}]`
}
