/** A core in its real threads, driven over stdin/stdout as JSON lines, so that a test can kill it at any moment. */
import { createInterface } from 'node:readline'
import { startCoreHost } from '../../electron/core/host.ts'
import { findPlaces } from '../../electron/core/shell/places.ts'

interface Ask {
  readonly id: number
  readonly name: string
  readonly input: unknown
  /** A file of the test to hand over first; `input.fileHandle` is filled in. */
  readonly file?: { readonly path: string; readonly name: string; readonly sizeBytes: number }
}

const dataDir = process.argv[2]!
const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`)
const places = findPlaces(process.argv[3]!)
const host = await startCoreHost({
  ...places,
  dataDir,
  log: {
    info: () => undefined,
    warn: () => undefined,
    error: (message, details) => say({ log: message, details }),
  },
  readers: 1,
})
const connection = host.openConnection({ kind: 'window', remote: false })
host.onEvent((_, event) => {
  if (event.kind === 'finished' || event.kind === 'progress') say({ event })
})

process.stdout.on('error', () => process.exit(1))
const lines = createInterface({ input: process.stdin })
lines.on('close', () => void host.close().then(() => process.exit(0)))
lines.on('line', (line) => {
  const ask = JSON.parse(line) as Ask
  const input = ask.file
    ? { ...(ask.input as object), fileHandle: host.registerFile({ ...ask.file, ephemeral: false }) }
    : ask.input
  void host.request(connection, ask.name, input).then((result) => say({ id: ask.id, result }))
})
say({ ready: true })
