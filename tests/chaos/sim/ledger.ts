/** What was promised in a run, kept outside of everything that can crash. */
export class Ledger {
  /** Facts, claims and creations by the mark in them: which disks hold them. */
  readonly holders = new Map<string, Set<string>>()
  /** Marks that the hub has had durably. */
  readonly atHub = new Map<string, string>()
  /** Last values that its only writer gave a row, by row and column. */
  readonly solo = new Map<
    string,
    { device: string; row: string; table: string; values: Record<string, string | number> }
  >()
  /** Fences of grants by op, as the hub wrote them. */
  readonly fences = new Map<string, number>()
  greatestFence = 0
  #marks = 0

  mark(): string {
    return `m${++this.#marks}m`
  }

  hold(mark: string, device: string): void {
    const holders = this.holders.get(mark)
    if (holders) holders.add(device)
    else this.holders.set(mark, new Set([device]))
  }

  /** A disk has other content now: `has` tells which marks it holds. */
  retain(device: string, has: (mark: string) => boolean): void {
    for (const [mark, holders] of this.holders) if (holders.has(device) && !has(mark)) holders.delete(device)
    for (const [key, { device: writer }] of this.solo) if (writer === device) this.solo.delete(key)
  }

  copy(from: string, to: string): void {
    for (const holders of this.holders.values()) if (holders.has(from)) holders.add(to)
    for (const [key, { device: writer }] of this.solo) if (writer === from) this.solo.delete(key)
  }
}

/** An invariant does not hold. */
export class Broken extends Error {
  override readonly name = 'Broken'
  readonly invariant: string

  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`)
    this.invariant = invariant
  }
}
