import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPostgres, type HubDatabase } from '../../electron/hub/database.ts'
import { refusalOf } from '../../electron/hub/server.ts'
import { RESOURCES_DIR } from '../helpers/core.ts'
import { NO_POSTGRES, postgresBin, startPostgres, type TestPostgres } from '../helpers/postgres.ts'

const AT_A_TIME = 12
const CRASHES = 4

if (postgresBin() === null) console.log(`${NO_POSTGRES}: no server crashes under the hub`)
describe.skipIf(postgresBin() === null)('a PostgreSQL that crashes under the hub', () => {
  let postgres: TestPostgres
  let database: HubDatabase
  beforeAll(async () => {
    postgres = await startPostgres()
    const url = await postgres.newDatabase()
    database = await openPostgres(url, join(RESOURCES_DIR, 'migrations', 'hub-postgres'), Date.now())
  }, 60_000)
  afterAll(() => postgres.stop())

  const readOne = () => database.db.selectFrom('belt').selectAll().execute()
  const readInStep = () =>
    database.db.transaction().execute(async (tx) => {
      for (let n = 0; n < 3; n++) await tx.selectFrom('belt').selectAll().forUpdate().execute()
    })

  /** Asks again and again until told to stop. @returns how often it was answered, and all that failed */
  async function ask(going: () => boolean, work: () => Promise<unknown>) {
    const told = { answered: 0, failed: [] as unknown[] }
    while (going()) {
      try {
        await work()
        told.answered++
      } catch (error) {
        told.failed.push(error)
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    }
    return told
  }

  it('makes it busy, whatever the driver calls that, and never at fault', async () => {
    let going = true
    const asking = Array.from({ length: AT_A_TIME }, (_, n) =>
      ask(() => going, n % 2 === 0 ? readOne : readInStep),
    )
    for (let n = 0; n < CRASHES; n++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      await postgres.crash()
      await postgres.serve(postgres.data)
    }
    going = false
    const told = await Promise.all(asking)
    const failed = told.flatMap((one) => one.failed)
    expect(failed.length).toBeGreaterThan(CRASHES)
    const others = failed.filter((error) => refusalOf(error).code !== 'busy')
    expect(others.map(String)).toStrictEqual([])
    // It is there again for everybody.
    for (const one of told) expect(one.answered).toBeGreaterThan(0)
    await expect(readInStep()).resolves.toBeUndefined()
  }, 60_000)

  it('and what still comes while the hub closes is told to come again', async () => {
    await database.close()
    for (const late of [readOne, readInStep]) {
      const error: unknown = await late().catch((thrown: unknown) => thrown)
      expect(refusalOf(error).code).toBe('busy')
    }
  })

  it('while a mistake in a statement stays one', () => {
    const mistake = Object.assign(new Error('relation does not exist'), { code: '42P01' })
    expect(refusalOf(mistake).code).toBe('internal')
    expect(refusalOf(new TypeError('undefined is not a function')).code).toBe('internal')
  })
})
