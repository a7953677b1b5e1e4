// One peer's device: `node client.mjs <peer> <port>` takes {records, edits} as JSON on its first line and says how many
// things the server will count once it has them all; connects at the second line and goes on for as long as it lives.
// Without records it reads, and tells how many it has.
import { createInterface } from 'node:readline'

const [peer, port] = process.argv.slice(2)
const scalar = (value) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : value)

const clients = {
  async pouchdb() {
    const { default: PouchDB } = await import('./pouch.mjs')
    const local = new PouchDB('belt', { adapter: 'memory' })
    return {
      async write(records, edits) {
        const docs = records.map((record, index) => ({ _id: `r${index}`, ...record }))
        for (let from = 0; from < docs.length; from += 500) {
          const part = docs.slice(from, from + 500)
          const answers = await local.bulkDocs(part)
          answers.forEach(({ rev }, index) => (part[index]._rev = rev))
        }
        for (const { index, fields } of edits) {
          Object.assign(docs[index], fields)
          docs[index]._rev = (await local.put(docs[index])).rev
        }
        return records.length
      },
      connect(isReader) {
        const remote = `http://127.0.0.1:${port}/belt`
        const options = { live: true, retry: true, batch_size: 500 }
        if (isReader) local.replicate.from(remote, options)
        else local.replicate.to(remote, options)
      },
      count: async () => (await local.info()).doc_count,
    }
  },
  async yjs() {
    const Y = await import('yjs')
    const { WebsocketProvider } = await import('y-websocket')
    const { WebSocket } = await import('ws')
    const doc = new Y.Doc()
    const map = doc.getMap('records')
    return {
      async write(records, edits) {
        const form = (record) => (edits.length > 0 ? new Y.Map(Object.entries(record)) : record)
        records.forEach((record, index) => map.set(`r${index}`, form(record)))
        for (const { index, fields } of edits)
          for (const [field, value] of Object.entries(fields)) map.get(`r${index}`).set(field, value)
        return records.length
      },
      connect() {
        const options = { WebSocketPolyfill: WebSocket, disableBc: true }
        new WebsocketProvider(`ws://127.0.0.1:${port}`, 'belt', doc, options)
      },
      count: async () => map.size,
    }
  },
  async tinybase() {
    const { createMergeableStore } = await import('tinybase')
    const { createWsSynchronizer } = await import('tinybase/synchronizers/synchronizer-ws-client')
    const { WebSocket } = await import('ws')
    const store = createMergeableStore()
    const connect = async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/belt`)
      socket.on('error', () => undefined)
      socket.on('close', () => setTimeout(connect, 500))
      const synchronizer = await createWsSynchronizer(store, socket, 10)
      await synchronizer.startSync()
    }
    const set = (index, fields) => {
      for (const [field, value] of Object.entries(fields))
        store.setCell('records', `r${index}`, field, scalar(value))
    }
    return {
      async write(records, edits) {
        records.forEach((record, index) => set(index, record))
        for (const { index, fields } of edits) set(index, fields)
        return records.length
      },
      connect,
      count: async () => store.getRowCount('records'),
    }
  },
  async actual() {
    const { actualClient } = await import('./actual.mjs')
    return actualClient(port)
  },
}

const client = await clients[peer]()
let written = null
for await (const line of createInterface({ input: process.stdin })) {
  if (written) {
    void client.connect(written.records.length === 0)
    break
  }
  written = JSON.parse(line)
  console.log(await client.write(written.records, written.edits))
}
let last = null
setInterval(async () => {
  // A writer has everything from the start.
  const count = written.records.length === 0 ? await client.count() : null
  if (count !== last) console.log(count)
  last = count
}, 50)
