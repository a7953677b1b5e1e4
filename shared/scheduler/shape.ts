/** What a field must hold; '?' allows absence and null. */
type Kind = 'text' | 'number' | 'truth' | 'texts' | 'numbers' | 'pair' | 'pairs' | 'rows'
type Field = Kind | Choice | `${Kind}?` | Shape | readonly [Shape] | readonly [Shape, '?']
/** One of some words; absence allowed. */
interface Choice {
  readonly oneOf: readonly string[]
}
interface Shape {
  /** The whole object may be absent. */
  readonly optional?: true
  readonly fields: Readonly<Record<string, Field>>
}

const isNumber = (value: unknown): boolean => typeof value === 'number'
const isText = (value: unknown): boolean => typeof value === 'string'
const isListOf = (value: unknown, fits: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(fits)
const isPair = (value: unknown): boolean => isListOf(value, isNumber) && (value as unknown[]).length === 2

const fitting: Record<Kind, (value: unknown) => boolean> = {
  text: isText,
  number: isNumber,
  truth: (value) => typeof value === 'boolean',
  texts: (value) => isListOf(value, isText),
  numbers: (value) => isListOf(value, isNumber),
  pair: isPair,
  pairs: (value) => isListOf(value, isPair),
  rows: (value) => isListOf(value, (row) => isListOf(row, isNumber)),
}

const need: Shape = { fields: { res: 'text', qty: 'number?' } }
const assignment: Shape = {
  fields: { task: 'text', mode: 'number', res: 'texts', start: 'number', end: 'number' },
}

const problemShape: Shape = {
  fields: {
    horizonMin: 'number',
    now: 'number?',
    lostValueWeight: 'number?',
    resources: [
      {
        fields: {
          id: 'text',
          kind: { oneOf: ['line', 'bench', 'pool', 'studio', 'streamer'] },
          capacity: 'number?',
          calendar: 'text?',
          setup: 'text?',
          initialState: 'text?',
          settingUp: { optional: true, fields: { family: 'text', since: 'number' } },
          skills: 'texts?',
          quotaMin: { optional: true, fields: { min: 'number', target: 'number', max: 'number' } },
        },
      },
    ],
    calendars: [{ fields: { id: 'text', open: 'pairs', overtime: 'pairs?' } }],
    setups: [{ fields: { id: 'text', families: 'texts', matrix: 'rows' } }],
    jobs: [{ fields: { id: 'text', tasks: 'texts', family: 'text?', merchant: 'text?' } }],
    tasks: [
      {
        fields: {
          id: 'text',
          job: 'text',
          family: 'text?',
          status: { oneOf: ['open', 'running', 'done'] },
          split: { oneOf: ['none', 'pause'] },
          window: 'pair?',
          optional: 'truth?',
          modes: [{ fields: { needs: [need], dur: 'number', durHigh: 'number?' } }, '?'],
          session: {
            optional: true,
            fields: {
              slots: 'texts?',
              float: { optional: true, fields: { from: 'number', to: 'number', stepMin: 'number' } },
              dur: 'number?',
              studios: 'texts?',
              streamers: 'texts?',
              needStreamers: 'number?',
              skills: 'texts?',
              kit: [need, '?'],
              value: 'number?',
              products: 'number?',
            },
          },
          lock: {
            optional: true,
            fields: {
              mode: 'number?',
              start: 'number?',
              studio: 'text?',
              streamers: 'texts?',
              strength: { oneOf: ['hard', 'soft'] },
            },
          },
          actual: {
            optional: true,
            fields: {
              mode: 'number',
              start: 'number',
              end: 'number?',
              studio: 'text?',
              streamers: 'texts?',
            },
          },
        },
      },
    ],
    prec: [
      {
        fields: {
          from: 'text',
          to: 'text',
          type: { oneOf: ['FS', 'SS', 'FF'] },
          minLag: 'number?',
          maxLag: 'number?',
          ratio: 'number?',
        },
      },
    ],
    slots: [
      {
        fields: {
          id: 'text',
          start: 'number',
          end: 'number',
          value: 'number?',
          studios: 'texts?',
          jobs: 'texts?',
        },
      },
    ],
    fairness: {
      optional: true,
      fields: {
        periodMin: 'number',
        prime: 'pairs?',
        groups: 'texts?',
        longTail: { optional: true, fields: { merchants: 'texts', sharePct: 'number' } },
        headCap: { optional: true, fields: { sharePct: 'number' } },
      },
    },
    objective: {
      optional: true,
      fields: { mode: { oneOf: ['lexicographic', 'weighted'] }, weights: 'numbers?' },
    },
    stability: {
      optional: true,
      fields: {
        baseline: { fields: { assign: [assignment] } },
        frozen: 'texts?',
        announced: 'texts?',
        released: 'texts?',
      },
    },
  },
}

/** Where a document does not have the form of a problem, as paths such as `tasks.3.modes`; at most ten. */
export function misshapen(problem: unknown): string[] {
  const found: string[] = []
  visit(problem, problemShape, '', found)
  return found
}

function visit(value: unknown, shape: Shape, path: string, found: string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    if (!(shape.optional && value == null)) found.push(path)
    return
  }
  for (const [key, field] of Object.entries(shape.fields)) {
    if (found.length >= 10) return
    const inner = (value as Record<string, unknown>)[key]
    const at = path === '' ? key : `${path}.${key}`
    if (typeof field === 'string') {
      const optional = field.endsWith('?')
      const kind = (optional ? field.slice(0, -1) : field) as Kind
      if (!(optional && inner == null) && !fitting[kind](inner)) found.push(at)
    } else if ('oneOf' in field) {
      if (inner != null && !field.oneOf.includes(inner as string)) found.push(at)
    } else if (!Array.isArray(field)) visit(inner, field as Shape, at, found)
    else if (Array.isArray(inner)) {
      const [item] = field as readonly [Shape]
      for (let i = 0; i < inner.length && found.length < 10; i++) visit(inner[i], item, `${at}.${i}`, found)
    } else if (!(field.length === 2 && inner == null)) found.push(at)
  }
}
