/** `npm run chaos [-- --kills N --seed S]`: real processes killed at random moments, at least 1,000 times in all. */
import { parseArgs } from 'node:util'
import { KILL_KINDS, killRepeatedly } from './kills.ts'
import { killSyncRepeatedly } from './sync-kills.ts'

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '250' }, seed: { type: 'string', default: '1' } },
})
const kills = Number(values.kills)
let failed = 0
for (const kind of [...KILL_KINDS, 'sync'] as const) {
  const startMs = performance.now()
  const seed = Number(values.seed)
  const report =
    kind === 'sync' ? await killSyncRepeatedly(kills, seed) : await killRepeatedly(kind, kills, seed)
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0)
  console.log(
    `${kind}: ${report.kills} kills, ${report.acknowledged} acknowledged, ${report.missing.length} missing, ${report.damage.length} damaged, ${seconds} s, seed ${values.seed}`,
  )
  for (const what of [...report.missing, ...report.damage]) console.log(`  ${what}`)
  failed += report.missing.length + report.damage.length
}
process.exitCode = failed === 0 ? 0 : 1
