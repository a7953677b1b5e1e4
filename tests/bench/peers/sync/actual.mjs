// Actual Budget: its server as published, and the messages its client sends: one a field, all since the last time in
// one request. The records themselves stay in memory; what its own client keeps on disk is not measured. The server runs
// on a newer better-sqlite3 than it asks for (the manifest's override): that one brings its binding compiled.
import {
  create,
  fromBinary,
  makeClientId,
  makeClock,
  merkle,
  MessageSchema,
  setClock,
  SyncRequestSchema,
  SyncResponseSchema,
  Timestamp,
  toBinary,
} from '@actual-app/crdt'
import Database from 'better-sqlite3'
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import path from 'node:path'
import { Worker } from 'node:worker_threads'

const PASSWORD = 'bench'
const SYNC = 'application/actual-sync'
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

async function freePort() {
  const server = createServer()
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address()
  await new Promise((closed) => server.close(closed))
  return port
}

async function call(port, address, { token, type = 'application/json', headers, body } = {}) {
  const response = await fetch(`http://127.0.0.1:${port}${address}`, {
    method: body ? 'POST' : 'GET',
    headers: { ...(token && { 'X-ACTUAL-TOKEN': token }), ...(body && { 'Content-Type': type }), ...headers },
    body,
  })
  if (!response.ok) throw new Error(`${address}: ${response.status} ${await response.text()}`)
  return type === SYNC ? new Uint8Array(await response.arrayBuffer()) : response.json()
}

async function logIn(port) {
  const body = JSON.stringify({ loginMethod: 'password', password: PASSWORD })
  return (await call(port, '/account/login', { body })).data.token
}

/** The published server with one file on it; `count` tells how many messages it has. */
export async function startActual(folder) {
  const port = await freePort()
  const env = { ...process.env, NODE_ENV: 'production', ACTUAL_HOSTNAME: '127.0.0.1' }
  const app = new URL('node_modules/@actual-app/sync-server/build/app.js', import.meta.url)
  const worker = new Worker(app, {
    env: { ...env, ACTUAL_PORT: String(port), ACTUAL_DATA_DIR: folder },
    argv: [],
    stdout: true,
    stderr: true,
  })
  worker.stdout.resume()
  worker.stderr.resume()
  for (let left = 100; ; left--) {
    try {
      await call(port, '/health')
      break
    } catch (error) {
      if (left === 0) throw error
      await pause(100)
    }
  }
  await call(port, '/account/bootstrap', { body: JSON.stringify({ password: PASSWORD }) })
  const token = await logIn(port)
  const headers = { 'X-ACTUAL-NAME': 'belt', 'X-ACTUAL-FILE-ID': randomUUID(), 'X-ACTUAL-FORMAT': '2' }
  const upload = { token, headers, type: 'application/encrypted-file', body: Buffer.from('-') }
  const { groupId } = await call(port, '/sync/upload-user-file', upload)
  const file = path.join(folder, 'user-files', `group-${groupId}.sqlite`)
  let db = null
  const count = async () => {
    try {
      db ??= new Database(file, { readonly: true, fileMustExist: true })
      return db.prepare('SELECT count(*) AS n FROM messages_binary').get().n
    } catch {
      // Nobody has sent anything: the file or its table is not there yet.
      return 0
    }
  }
  return { port, count }
}

const serialize = (value) => {
  if (value === null) return '0:'
  if (typeof value === 'number') return `N:${value}`
  return `S:${typeof value === 'string' ? value : JSON.stringify(value)}`
}

/** One device: writes offline, then sends and takes in until both tries are equal. */
export function actualClient(port) {
  setClock(makeClock(new Timestamp(0, 0, makeClientId()), {}))
  const since = new Timestamp(Date.now() - 5 * 60_000, 0, '0').toString()
  const own = []
  const rows = new Map()
  let trie = merkle.emptyTrie()

  const set = (row, fields) => {
    for (const [column, value] of Object.entries(fields)) {
      const stamp = Timestamp.send()
      const message = create(MessageSchema, { dataset: 'records', row, column, value: serialize(value) })
      own.push({
        timestamp: stamp.toString(),
        isEncrypted: false,
        content: toBinary(MessageSchema, message),
      })
      trie = merkle.insert(trie, stamp)
    }
  }

  function take({ timestamp, content }) {
    const stamp = Timestamp.parse(timestamp)
    const { row, column, value } = fromBinary(MessageSchema, content)
    const fields = rows.get(row) ?? {}
    rows.set(row, fields)
    if (fields[column]?.timestamp > timestamp) return
    fields[column] = { timestamp, value }
    trie = merkle.insert(trie, stamp)
  }

  async function sync(token, { fileId, groupId }) {
    let from = since
    for (let round = 0; round < 100; round++) {
      const messages = own.filter(({ timestamp }) => timestamp > from)
      const request = create(SyncRequestSchema, { fileId, groupId, since: from, messages })
      const body = toBinary(SyncRequestSchema, request)
      const answer = fromBinary(
        SyncResponseSchema,
        await call(port, '/sync/sync', { token, type: SYNC, body }),
      )
      for (const message of answer.messages) take(message)
      trie = merkle.prune(trie)
      const apart = merkle.diff(JSON.parse(answer.merkle), trie)
      if (apart === null) return
      from = new Timestamp(apart, 0, '0').toString()
    }
    throw new Error('out of sync')
  }

  return {
    async write(records, edits) {
      const ids = records.map(() => randomUUID())
      records.forEach((record, index) => set(ids[index], record))
      for (const { index, fields } of edits) set(ids[index], fields)
      return own.length
    },
    async connect() {
      let token = null
      let file = null
      for (;;) {
        try {
          token ??= await logIn(port)
          file ??= (await call(port, '/sync/list-user-files', { token })).data[0]
          return await sync(token, file)
        } catch (error) {
          console.error(error)
          await pause(500)
        }
      }
    },
    count: async () => rows.size,
  }
}
