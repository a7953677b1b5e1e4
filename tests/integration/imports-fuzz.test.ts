import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stageFile, type StageResult } from '../../electron/core/features/imports/stage.ts'
import { openStaging } from '../../electron/core/features/imports/staging.ts'
import { migrate, readMigrations } from '../../electron/sqlite/migrate.ts'
import { openDb } from '../../electron/sqlite/open.ts'
import { Refusal } from '../../shared/contract/result.ts'
import { DOUDIAN_73, csvText, doudianRow, plainId } from '../fixtures/exports.ts'
import { RESOURCES_DIR, tempDir } from '../helpers/core.ts'

let folder: string
beforeAll(() => {
  folder = tempDir()
  mkdirSync(join(folder, 'belts'))
  const db = openDb(join(folder, 'belts', 'belt.db'))
  migrate(db, readMigrations(join(RESOURCES_DIR, 'migrations', 'local')), 0)
  db.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Staged {
  readonly result: StageResult
  readonly keys: ReadonlySet<string>
}

/** The staged rows, or the refusal's code. Anything else that is thrown fails the test. */
async function stage(content: Uint8Array): Promise<Staged | string> {
  const path = join(folder, 'file.csv')
  writeFileSync(path, content)
  const stagingPath = join(folder, 'imports', 'belt-fuzz.db')
  try {
    const result = await stageFile(
      { path, stagingPath, beltPath: join(folder, 'belts', 'belt.db') },
      { isCancelled: () => false, onProgress: () => {} },
    )
    const staging = openStaging(stagingPath)!
    const rows = staging
      .prepare<[], { key: string }>('SELECT "key" FROM stagedRow WHERE "key" IS NOT NULL')
      .all()
    staging.close()
    return { result, keys: new Set(rows.map((row) => row.key)) }
  } catch (error) {
    if (error instanceof Refusal) return error.error.code
    throw error
  }
}

const ROWS = 8
const ORIGINAL = csvText(
  DOUDIAN_73,
  Array.from({ length: ROWS }, (_, n) => doudianRow(n + 1, { 买家留言: n === 3 ? '黑色,"急"\n谢谢' : '-' })),
)

type Mutation = { readonly at: number; readonly cut: number; readonly insert: string }
const mutation: fc.Arbitrary<Mutation> = fc.record({
  // Damage to the headings is refused at once, so it is mostly the rows that are hit.
  at: fc.noBias(fc.integer({ min: ORIGINAL.indexOf('\n') - 60, max: ORIGINAL.length })),
  cut: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 900 })),
  insert: fc.oneof(
    fc.constantFrom('', '"', '""', ',', '\r\n', '\n', '\t', '"\n"', '\0', '\uFFFD', '=1+1', '","', '6.9E+18'),
    fc.string({ maxLength: 20 }),
  ),
})

const mutate = (text: string, { at, cut, insert }: Mutation): string => {
  return text.slice(0, at) + insert + text.slice(at + cut)
}

describe('damaged files', () => {
  it('are refused or accounted for row by row; no sound row gets lost in silence', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (mutations) => {
        const text = mutations.reduce(mutate, ORIGINAL)
        const staged = await stage(new TextEncoder().encode(text))
        if (typeof staged === 'string') return
        const { result, keys } = staged
        const counted = Object.values(result.counts).reduce((sum, n) => sum + n, 0)
        expect(counted).toBe(result.rows)
        if (result.counts.problem > 0) return
        for (let n = 1; n <= ROWS; n++) {
          const line = `\n"\t${plainId(n)}","\t${plainId(n)}",海竿`
          if (text.includes(line)) expect(keys).toContain(plainId(n))
        }
      }),
      { numRuns: 120 },
    )
  })

  it('of pure noise never break the reader', async () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 3000 }),
      fc.string({ unit: 'binary', maxLength: 2000 }).map((text) => new TextEncoder().encode(text)),
      fc
        .array(fc.constantFrom(...DOUDIAN_73, ',', '"', '\n', '\uFEFF'), { maxLength: 300 })
        .map((parts) => new TextEncoder().encode(parts.join(','))),
    )
    await fc.assert(
      fc.asyncProperty(noise, async (bytes) => {
        const staged = await stage(bytes)
        if (typeof staged === 'string') expect(staged).toMatch(/^file-/)
      }),
      { numRuns: 100 },
    )
  })
})
