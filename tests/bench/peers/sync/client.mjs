// One peer's device: `node client.mjs <peer> <port>` takes records as JSON on its first line, says when they are written
// offline, connects at the second, and goes on for as long as it lives.
import { createInterface } from 'node:readline'

const [peer, port] = process.argv.slice(2)

const clients = {
  async pouchdb(records) {
    const { default: PouchDB } = await import('./pouch.mjs')
    const local = new PouchDB('belt', { adapter: 'memory' })
    const docs = records.map((record, index) => ({ _id: `r${index}`, ...record }))
    for (let from = 0; from < docs.length; from += 500) await local.bulkDocs(docs.slice(from, from + 500))
    return () =>
      local.replicate.to(`http://127.0.0.1:${port}/belt`, { live: true, retry: true, batch_size: 500 })
  },
  async yjs(records) {
    const Y = await import('yjs')
    const { WebsocketProvider } = await import('y-websocket')
    const { WebSocket } = await import('ws')
    const doc = new Y.Doc()
    const map = doc.getMap('records')
    records.forEach((record, index) => map.set(`r${index}`, record))
    const options = { WebSocketPolyfill: WebSocket, disableBc: true }
    return () => new WebsocketProvider(`ws://127.0.0.1:${port}`, 'belt', doc, options)
  },
  async tinybase(records) {
    const { createMergeableStore } = await import('tinybase')
    const { createWsSynchronizer } = await import('tinybase/synchronizers/synchronizer-ws-client')
    const { WebSocket } = await import('ws')
    const store = createMergeableStore('client')
    records.forEach(({ claims, ...record }, index) =>
      store.setRow('records', `r${index}`, { ...record, claims: JSON.stringify(claims) }),
    )
    const connect = async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/belt`)
      socket.on('error', () => undefined)
      socket.on('close', () => setTimeout(connect, 500))
      const synchronizer = await createWsSynchronizer(store, socket, 10)
      await synchronizer.startSync()
    }
    return connect
  },
}

let start = null
for await (const line of createInterface({ input: process.stdin })) {
  if (start) {
    start()
    break
  }
  start = await clients[peer](JSON.parse(line))
  console.log('written')
}
setInterval(() => undefined, 60_000)
