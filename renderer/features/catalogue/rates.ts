import type { Changeover, UnitsPerHour } from '../../../shared/domain/shapes.ts'

/** What a line can make, how fast, and how long it takes to change. */
export interface Rates {
  readonly unitsPerHour: UnitsPerHour
  readonly changeoverMin: Changeover
  readonly initialFamily: string | null
}

/** A change nobody has timed yet. */
const USUAL_CHANGE_MIN = 60

/** The families of the matrix, in its order, and those with a rate that it lacks. */
export const familiesOf = ({ unitsPerHour, changeoverMin }: Rates): string[] => [
  ...new Set([...changeoverMin.families, ...Object.keys(unitsPerHour)]),
]

function matrixFor(before: Changeover, families: readonly string[]): Changeover {
  const minutes = (from: string, to: string) => {
    const row = before.matrix[before.families.indexOf(from)]
    return from === to ? 0 : (row?.[before.families.indexOf(to)] ?? USUAL_CHANGE_MIN)
  }
  return { families: [...families], matrix: families.map((from) => families.map((to) => minutes(from, to))) }
}

/** Every family with a rate has a row and a column, as the core asks for. */
export const squared = (rates: Rates): Rates => ({
  ...rates,
  changeoverMin: matrixFor(rates.changeoverMin, familiesOf(rates)),
})

export function withRate(rates: Rates, family: string, unitsPerHour: number): Rates {
  return squared({ ...rates, unitsPerHour: { ...rates.unitsPerHour, [family]: unitsPerHour } })
}

export function withoutFamily(rates: Rates, family: string): Rates {
  const { [family]: _, ...unitsPerHour } = rates.unitsPerHour
  const families = familiesOf(rates).filter((other) => other !== family)
  return {
    unitsPerHour,
    changeoverMin: matrixFor(rates.changeoverMin, families),
    initialFamily: rates.initialFamily === family ? null : rates.initialFamily,
  }
}

export function withChange(rates: Rates, from: number, to: number, minutes: number): Rates {
  const { families, matrix } = rates.changeoverMin
  return {
    ...rates,
    changeoverMin: {
      families,
      matrix: matrix.map((row, at) =>
        at === from ? row.map((old, column) => (column === to ? minutes : old)) : row,
      ),
    },
  }
}
