import { existsSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { readMessage, writeCall, type Call, type Message, type Value } from './bus-message.ts'

const BUS = 'org.freedesktop.DBus'
const REPLY = 2
const ERROR = 3
const SIGNAL = 4
const MAX_MESSAGE_BYTES = 1024 * 1024

/** The socket of this session's bus, as libdbus finds it but without starting one; null when there is none. */
export function sessionBusPath(env: NodeJS.ProcessEnv = process.env): string | null {
  const runtime = env.XDG_RUNTIME_DIR ? `${env.XDG_RUNTIME_DIR}/bus` : null
  const address = env.DBUS_SESSION_BUS_ADDRESS
  if (!address) return runtime !== null && existsSync(runtime) ? runtime : null
  for (const one of address.split(';')) {
    const [transport, options = ''] = one.split(/:(.*)/s)
    if (transport !== 'unix') continue
    for (const option of options.split(',')) {
      const [key, value = ''] = option.split('=')
      const text = decodeURIComponent(value)
      if (key === 'path') return text
      if (key === 'abstract') return `\0${text}`
      if (key === 'runtime' && runtime !== null) return runtime
    }
  }
  return null
}

/** As much of a D-Bus client as asking after the state of a service takes. Nothing here blocks; closing ends every wait. */
export class SessionBus {
  readonly #socket: Socket
  readonly #waiting = new Map<number, { resolve: (body: Value[]) => void; reject: (error: Error) => void }>()
  readonly #signals = new Set<(message: Message) => void>()
  #bytes = Buffer.alloc(0)
  #serial = 0
  #greeting: { resolve: () => void; reject: (error: Error) => void } | null = null

  private constructor(path: string) {
    this.#socket = createConnection({ path })
    this.#socket.on('data', (bytes) => this.#take(bytes))
    this.#socket.on('error', (error) => this.#end(error))
    this.#socket.on('close', () => this.#end(new Error('the bus closed the connection')))
  }

  /** @throws when there is no bus or it does not let this user in */
  static async connect(path: string): Promise<SessionBus> {
    const bus = new SessionBus(path)
    try {
      await new Promise<void>((resolve, reject) => {
        bus.#greeting = { resolve, reject }
        const user = Buffer.from(String(process.getuid?.() ?? ''), 'latin1').toString('hex')
        bus.#socket.write(`\0AUTH EXTERNAL ${user}\r\n`)
      })
      bus.#socket.write('BEGIN\r\n')
      await bus.call({ service: BUS, path: '/org/freedesktop/DBus', interface: BUS, member: 'Hello' })
      return bus
    } catch (error) {
      bus.close()
      throw error
    }
  }

  /** @throws Error named after the D-Bus error when the service answers with one */
  call(call: Call): Promise<Value[]> {
    const serial = ++this.#serial
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('the bus is closed'))
      this.#waiting.set(serial, { resolve, reject })
      this.#socket.write(writeCall(serial, call))
    })
  }

  /** The body of the next signal of an object. Ask before the call that brings it. */
  async nextSignal(path: string, member: string): Promise<{ body: Promise<Value[]> }> {
    const body = new Promise<Value[]>((resolve) => {
      const listener = (message: Message) => {
        if (message.path !== path || message.member !== member) return
        this.#signals.delete(listener)
        resolve(message.body)
      }
      this.#signals.add(listener)
    })
    await this.call({
      service: BUS,
      path: '/org/freedesktop/DBus',
      interface: BUS,
      member: 'AddMatch',
      signature: 's',
      body: [`type='signal',path='${path}',member='${member}'`],
    })
    return { body }
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    try {
      if (this.#greeting) this.#greet()
      else this.#deliver()
    } catch (error) {
      this.#socket.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #greet(): void {
    const end = this.#bytes.indexOf('\r\n')
    if (end < 0) return
    const line = this.#bytes.toString('latin1', 0, end)
    this.#bytes = this.#bytes.subarray(end + 2)
    const greeting = this.#greeting!
    this.#greeting = null
    if (line.startsWith('OK ')) greeting.resolve()
    else greeting.reject(new Error(`the bus refused this user: ${line}`))
  }

  #deliver(): void {
    for (;;) {
      const read = readMessage(this.#bytes, MAX_MESSAGE_BYTES)
      if (!read) return
      this.#bytes = this.#bytes.subarray(read.sizeBytes)
      const { message } = read
      if (message.type === SIGNAL) for (const listener of this.#signals) listener(message)
      const waiting = this.#waiting.get(message.replyTo)
      if (!waiting || (message.type !== REPLY && message.type !== ERROR)) continue
      this.#waiting.delete(message.replyTo)
      if (message.type === REPLY) waiting.resolve(message.body)
      else
        waiting.reject(Object.assign(new Error((message.body[0] ?? '') as string), { name: message.error }))
    }
  }

  #end(error: Error): void {
    this.#greeting?.reject(error)
    this.#greeting = null
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
