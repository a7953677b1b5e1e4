/**
 * `npm run chaos [-- kills|sim]`: both unless one is named.
 * - `kills [--kills N --seed S]`: real processes killed at random moments, at least 1,000 times in all
 * - `sim [--from K --seeds N] [--seed K] [--replay FILE]`: simulated devices, links and a hub, 10,000 seeds
 */
import { parseArgs } from 'node:util'
import { ensureBuilt } from '../../electron/launch/lib/build.mjs'
import { simulate } from './sim/main.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string', default: '250' },
    seed: { type: 'string' },
    seeds: { type: 'string', default: '10000' },
    from: { type: 'string', default: '1' },
    replay: { type: 'string' },
  },
})
const [what = 'all'] = positionals
if (!['all', 'kills', 'sim'].includes(what)) throw new Error(`no such run: ${what}`)

async function kill(): Promise<number> {
  // What is killed starts from the build, in a fraction of the time that the sources take; which of them is settled on loading.
  ensureBuilt()
  const { KILL_KINDS, killRepeatedly } = await import('./kills.ts')
  const { killSyncRepeatedly } = await import('./sync-kills.ts')
  const kills = Number(values.kills)
  const seed = Number(values.seed ?? '1')
  let failed = 0
  for (const kind of [...KILL_KINDS, 'sync'] as const) {
    const startMs = performance.now()
    const report =
      kind === 'sync' ? await killSyncRepeatedly(kills, seed) : await killRepeatedly(kind, kills, seed)
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0)
    console.log(
      `${kind}: ${report.kills} kills, ${report.acknowledged} acknowledged, ${report.missing.length} missing, ${report.damage.length} damaged, ${seconds} s, seed ${seed}`,
    )
    for (const message of [...report.missing, ...report.damage]) console.log(`  ${message}`)
    failed += report.missing.length + report.damage.length
  }
  return failed
}

let failed = 0
if (what !== 'sim') failed += await kill()
if (what !== 'kills')
  failed += await simulate({
    seeds: Number(values.seeds),
    from: Number(values.from),
    seed: what === 'sim' && values.seed !== undefined ? Number(values.seed) : null,
    replay: values.replay ?? null,
  })
process.exitCode = failed === 0 ? 0 : 1
