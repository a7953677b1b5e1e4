// One peer's server: `node server.mjs <peer> <folder>` prints its port and the port that tells how much it has: records,
// or what its client said it would count.
import { createServer } from 'node:http'

const servers = {
  async pouchdb() {
    const { default: express } = await import('express')
    const { default: PouchDB } = await import('./pouch.mjs')
    const { default: expressPouch } = await import('express-pouchdb')
    const app = express()
    const memory = PouchDB.defaults({ adapter: 'memory' })
    app.use('/', expressPouch(memory, { mode: 'minimumForPouchDB', inMemoryConfig: true }))
    const belt = new memory('belt')
    await belt.info()
    return { server: createServer(app), count: async () => (await belt.info()).doc_count }
  },
  async yjs() {
    const { WebSocketServer } = await import('ws')
    const { docs, setupWSConnection } = await import('@y/websocket-server/utils')
    const server = createServer()
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket, request) => setupWSConnection(socket, request))
    return { server, count: async () => docs.get('belt')?.getMap('records').size ?? 0 }
  },
  async tinybase() {
    const { WebSocketServer } = await import('ws')
    const { createMergeableStore } = await import('tinybase')
    const { createCustomPersister } = await import('tinybase/persisters')
    const { createWsServer } = await import('tinybase/synchronizers/synchronizer-ws-server')
    const server = createServer()
    const store = createMergeableStore('server')
    const none = async () => undefined
    createWsServer(new WebSocketServer({ server }), () =>
      createCustomPersister(
        store,
        none,
        none,
        () => 0,
        () => undefined,
        undefined,
        2,
      ),
    )
    return { server, count: async () => store.getRowCount('records') }
  },
  async actual(folder) {
    const { startActual } = await import('./actual.mjs')
    return startActual(folder)
  },
}

const [peer, folder] = process.argv.slice(2)
const { server, port, count } = await servers[peer](folder)
const status = createServer(async (_request, response) => response.end(String(await count())))
const listen = (one) => new Promise((ready) => one.listen(0, '127.0.0.1', () => ready(one.address().port)))
console.log(JSON.stringify({ port: port ?? (await listen(server)), statusPort: await listen(status) }))
