// `npm test`: every check, with a summary. `npm test -- lint vitest` runs only those phases.
import { STAGES } from './lib/phases.mjs'

const PHASES = STAGES.flat(2)
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !PHASES.some((phase) => phase.name === name))
if (unknown.length > 0) {
  console.error(
    `Unknown phase ${unknown.join(', ')}; there are ${PHASES.map((phase) => phase.name).join(', ')}`,
  )
  process.exit(2)
}

const seconds = (sinceMs) => ((Date.now() - sinceMs) / 1000).toFixed(1).padStart(6)
const startMs = Date.now()
const summary = []
async function runRow(row) {
  for (const phase of row.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    console.log(`\n── ${phase.name} ──`)
    const phaseStartMs = Date.now()
    const { output, ...counts } = await phase.run()
    if (output) console.log(`\n── ${phase.name} failed ──\n${output.trimEnd()}`)
    summary.push({ name: phase.name, ...counts, time: seconds(phaseStartMs) })
  }
}
for (const rows of STAGES) await Promise.all(rows.map(runRow))

const total = (key) => summary.reduce((sum, row) => sum + row[key], 0)
console.log('\n── summary ──')
for (const { name, passed, failed, skipped, time } of summary) {
  const note = skipped > 0 ? `, ${skipped} skipped` : ''
  console.log(
    `${failed === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(10)} ${time} s  ${passed} passed, ${failed} failed${note}`,
  )
}
for (const { names = [] } of summary) for (const name of names) console.log(`FAIL ${name}`)
console.log(`total      ${seconds(startMs)} s`)
console.log(`${total('passed')} passed, ${total('failed')} failed`)
process.exit(total('failed') === 0 ? 0 : 1)
