import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { createShopSearch } from '../../../../shared/scheduler/shop/index.ts'
import { parseShop, withSingerPinedoDates } from '../../../bench/scheduler/formats.ts'
import { findFaults } from '../../../bench/scheduler/validate.ts'

const root = path.resolve(import.meta.dirname, '../../../..')
const data = path.join(process.env.CHANBO_DATA ?? path.join(root, '../shared/data'), 'scheduling')
const present = existsSync(path.join(data, 'jsp'))
if (!present) console.warn(`public shop instances skipped: no ${data} (set CHANBO_DATA)`)

const read = (file: string) => parseShop(readFileSync(path.join(data, file), 'utf8'))

describe.skipIf(!present)('public instances', () => {
  it.each([
    ['jsp/ft06', 55],
    ['jsp/la01', 666],
    ['jsp/la05', 593],
    ['fjsp/brandimarte/mk01.txt', 40],
    ['fjsp/brandimarte/mk08.txt', 523],
    ['fjsp/hurink/edata/la01.txt', 609],
  ])('%s is solved to %i', (file, optimum) => {
    const shop = read(file)
    const search = createShopSearch(shop, { seed: 1, objective: 'makespan' })
    for (let i = 0; i < 60 && search.bestValue > optimum; i++) search.step(1000)
    expect(search.bestValue).toBe(optimum)
    expect(findFaults(shop, 'makespan', search.best())).toEqual([])
  })

  it('reads set-up matrices and machines numbered from 1', () => {
    const shop = read('fjsp-setup/fattahi/Fattahi_setup_01.fjs')
    expect(shop.setups?.groups).toBe(4)
    expect(shop.jobs[0]!.operations[0]!.modes).toEqual([
      { machine: 0, duration: 25 },
      { machine: 1, duration: 37 },
    ])
    const search = createShopSearch(shop, { seed: 1, objective: 'makespan' })
    search.step(5000)
    expect(findFaults(shop, 'makespan', search.best())).toEqual([])
  })

  it('derives due dates and weights by the Singer-Pinedo rule', () => {
    const shop = withSingerPinedoDates(read('jsp/ft10'), 1.3, 10)
    expect(shop.jobs.map((job) => job.weight)).toEqual([4, 4, 2, 2, 2, 2, 2, 2, 1, 1])
    const work = shop.jobs[0]!.operations.reduce((sum, operation) => sum + operation.modes[0]!.duration, 0)
    expect(shop.jobs[0]!.due).toBe(Math.floor((work * 13) / 10))
  })
})
