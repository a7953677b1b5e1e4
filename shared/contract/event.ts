/** Hints pushed to screens: what to read again, or how far long work has come. Never data to rely on. */
export type AppEvent =
  /** Rows of these tables (or the pseudo-topics `sync`, `app`, `people`, `plan`) changed. */
  | { readonly kind: 'changed'; readonly topics: readonly string[] }
  /** Long work: `done` counts up to `total` (null while unknown). */
  | {
      readonly kind: 'progress'
      readonly jobId: string
      readonly phase: string
      readonly done: number
      readonly total: number | null
      readonly note?: Readonly<Record<string, string | number>>
    }
  | { readonly kind: 'finished'; readonly jobId: string; readonly outcome: 'done' | 'cancelled' | 'failed' }
