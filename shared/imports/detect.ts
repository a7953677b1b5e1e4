import { FORMATS, normaliseHeading, type FileFormat, type FormatId } from './formats.ts'
import { cleanCell, isRounded, isScientific, isSpreadsheetTime } from './cells.ts'

/** Position of every field's column in a row; -1 where the file has no such column. */
export type ColumnMap = Readonly<Record<string, number>>

export type Detection =
  | {
      readonly ok: true
      readonly format: FileFormat
      readonly columns: ColumnMap
      /** Headings as in the file, by position. */
      readonly headings: readonly string[]
    }
  | { readonly ok: false; readonly reason: 'not-recognised'; readonly headings: readonly string[] }
  | {
      readonly ok: false
      readonly reason: 'columns-missing'
      readonly headings: readonly string[]
      readonly format: FormatId
      readonly missing: readonly string[]
    }

/** Which export a heading row belongs to, and where its columns are. */
export function detectFormat(headerCells: readonly string[]): Detection {
  const headings = headerCells.map((cell) => normaliseHeading(cell))
  const position = new Map<string, number>()
  headings.forEach((heading, index) => {
    if (!position.has(heading)) position.set(heading, index)
  })
  const format =
    FORMATS.find((candidate) => candidate.signature.every((name) => position.has(name))) ?? closest(position)
  if (!format) return { ok: false, reason: 'not-recognised', headings }
  const columns: Record<string, number> = {}
  const missing: string[] = []
  for (const [field, spec] of Object.entries(format.columns)) {
    const name = spec.names.find((candidate) => position.has(candidate))
    columns[field] = name === undefined ? -1 : position.get(name)!
    if (name === undefined && spec.required && !missing.includes(spec.names[0]!)) missing.push(spec.names[0]!)
  }
  if (missing.length > 0)
    return { ok: false, reason: 'columns-missing', headings, format: format.id, missing }
  return { ok: true, format, columns, headings }
}

/** The format that shares the most headings when none is met exactly; none below four in common. */
function closest(position: ReadonlyMap<string, number>): FileFormat | null {
  let best: FileFormat | null = null
  let bestCount = 3
  for (const format of FORMATS) {
    const names = new Set(Object.values(format.columns).flatMap((column) => column.names))
    const count = [...names].filter((name) => position.has(name)).length
    if (count > bestCount) {
      best = format
      bestCount = count
    }
  }
  return best
}

export interface Damage {
  readonly kind: 'scientific' | 'time' | 'rounded'
  readonly heading: string
  readonly excerpt: string
}

/**
 * Looks for what a spreadsheet program leaves behind when it saves an export again: order numbers as `6.91793E+18` or rounded
 * to fifteen digits, times as `2026/9/10 8:00`. Such numbers cannot be restored. A number that ends in zeros is not proof by
 * itself: `rounded` means damage when most rows show it.
 *
 * Works on headings alone, so that a damaged file is called damaged even when columns are missing too.
 * @returns a check for one row, null for a sound one
 */
export function damageFinder(headings: readonly string[]): (cells: readonly string[]) => Damage | null {
  const watched = headings.flatMap((heading, index) => {
    const role = ROLES.get(heading)
    return role ? [{ heading, index, role }] : []
  })
  return (cells) => {
    let rounded: Damage | null = null
    for (const { heading, index, role } of watched) {
      const cell = cleanCell(cells[index] ?? '')
      if (role === 'time') {
        if (isSpreadsheetTime(cell)) return { kind: 'time', heading, excerpt: cell }
      } else if (isScientific(cell)) return { kind: 'scientific', heading, excerpt: cell }
      else if (isRounded(cell)) rounded ??= { kind: 'rounded', heading, excerpt: cell }
    }
    return rounded
  }
}

const ROLES: ReadonlyMap<string, 'id' | 'time'> = new Map(
  FORMATS.flatMap((format) => [
    ...format.idFields.flatMap((field) => format.columns[field]!.names.map((name) => [name, 'id'] as const)),
    ...format.timeFields.flatMap((field) =>
      format.columns[field]!.names.map((name) => [name, 'time'] as const),
    ),
  ]),
)
