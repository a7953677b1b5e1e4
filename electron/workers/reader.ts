import { parentPort } from 'node:worker_threads'
import { Refusal } from '../../shared/contract/result.ts'
import { answer, authorise, parseInput } from '../core/dispatch.ts'
import { specOf } from '../core/specs.ts'
import type { ReaderState } from '../core/index.ts'
import { QUERIES } from '../core/registry.ts'
import type { Log } from '../core/services.ts'
import { openDb, type Db } from '../sqlite/open.ts'
import type { FromReader, ToReader } from './protocol.ts'

/** Thread entry of a reader: answers queries on its own read-only connection, so that none of them holds up a write. */
const port = parentPort!
const post = (message: FromReader) => port.postMessage(message)
const log: Log = {
  info: () => undefined,
  warn: () => undefined,
  error: (message, details) => post({ kind: 'log', level: 'error', message, details }),
}

let store: { readonly state: ReaderState; readonly db: Db } | null = null

function useStore(state: ReaderState | null): void {
  store?.db.close()
  store = state ? { state, db: openDb(state.path, { readOnly: true }) } : null
}

function runQuery(message: Extract<ToReader, { kind: 'query' }>): unknown {
  const spec = specOf(message.name)
  const query = QUERIES[message.name]
  if (!spec || !query) throw new Refusal('unknown-request', { request: message.name })
  authorise(spec.access, message.actor)
  const input = parseInput(spec, message.input) as never
  if (!store) throw new Refusal('no-belt')
  const { state, db } = store
  return query(input, { db, actor: message.actor, belt: state.belt, nowMs: Date.now() + state.clockOffsetMs })
}

port.on('message', (message: ToReader) => {
  const run = message.kind === 'store' ? () => useStore(message.state) : () => runQuery(message)
  const name = message.kind === 'store' ? 'store' : message.name
  void answer(name, log, run).then((result) => post({ kind: 'answer', n: message.n, result }))
})
