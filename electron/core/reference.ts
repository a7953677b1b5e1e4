import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DemoReference } from '../../shared/demo/index.ts'
import type { Mutator } from './store/mutator.ts'

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T

/** Factors and holiday years that come with the product, with their sources. */
export function readReference(resourcesDir: string): DemoReference {
  const { factors } = readJson<Pick<DemoReference, 'factors'>>(join(resourcesDir, 'factors', 'factors.json'))
  const { years } = readJson<Pick<DemoReference, 'years'>>(
    join(resourcesDir, 'calendars', 'holidays-cn.json'),
  )
  return { factors, years }
}

/** Gives a new belt its own copy, which it may change. */
export function writeReference(write: Mutator, { factors, years }: DemoReference): void {
  for (const { year, holidays, makeUpWorkdays, source } of years)
    write.create('holidayYear', { year, holidays, makeUpWorkdays, source })
  for (const { kind, key, value, unit, dataYear, source } of factors)
    write.create('factor', { kind, key, value, unit, dataYear, source })
}
