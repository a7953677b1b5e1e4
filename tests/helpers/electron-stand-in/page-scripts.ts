// The scripts that stand in, inside the page, for what Electron does around a sandboxed preload script.

export const PRELOAD_WORLD = 'stand-in-preload'
export const CALL_BINDING = '__standInCall'

/**
 * Runs the real preload script in an isolated world, with a `require` that knows only 'electron'. `ipcRenderer` goes out
 * through a CDP binding; `contextBridge` crosses to the page's world over synchronous DOM events, functions by number.
 */
export function wrapPreload(source: string): string {
  return `(() => {
  if (window !== window.top || location.protocol === 'about:') return
  const calls = new Map(), listeners = new Map(), functions = [], exposed = {}
  let nextCall = 1
  const ipcRenderer = {
    invoke(channel, ...args) {
      const id = nextCall++
      return new Promise((resolve, reject) => {
        calls.set(id, { resolve, reject })
        ${CALL_BINDING}(JSON.stringify({ id, channel, args: args.map((arg) => arg === undefined ? null : arg) }))
      })
    },
    on(channel, listener) {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener])
      return ipcRenderer
    },
    removeListener(channel, listener) {
      listeners.set(channel, (listeners.get(channel) ?? []).filter((item) => item !== listener))
      return ipcRenderer
    },
  }
  globalThis.__standInSettle = (id, ok, value) => {
    const call = calls.get(id)
    calls.delete(id)
    if (ok) call?.resolve(value)
    else call?.reject(new Error(value))
  }
  globalThis.__standInEvent = (channel, args) => {
    for (const listener of [...(listeners.get(channel) ?? [])]) listener({}, ...args)
  }
  const toPage = (message) => window.dispatchEvent(new CustomEvent('stand-in-page', { detail: JSON.stringify(message) }))
  const pack = (value) => {
    if (typeof value !== 'function') return { value }
    return { fn: functions.push(value) - 1 }
  }
  const unpack = (item) => ('pageFn' in item ? (value) => toPage({ kind: 'callback', fn: item.pageFn, value }) : item.value)
  window.addEventListener('stand-in-preload', (event) => {
    const { kind, id, fn, args } = JSON.parse(event.detail)
    if (kind === 'hello') return toPage({ kind: 'exposed', exposed })
    const result = functions[fn](...args.map(unpack))
    if (typeof result?.then !== 'function') return toPage({ kind: 'result', id, ...pack(result) })
    toPage({ kind: 'promise', id })
    result.then((value) => toPage({ kind: 'settle', id, ok: true, value }), (error) => toPage({ kind: 'settle', id, ok: false, value: String(error) }))
  })
  const contextBridge = {
    exposeInMainWorld(key, api) {
      exposed[key] = Object.fromEntries(Object.entries(api).map(([name, value]) => [name, pack(value)]))
    },
  }
  const require = (name) => {
    if (name !== 'electron') throw new Error('module not found: ' + name)
    return { contextBridge, ipcRenderer }
  }
  ;((require, module, exports) => {
${source}
  })(require, { exports: {} }, {})
})()`
}

/** The page's half of the bridge; runs after the preload script and before any script of the page. */
export const PAGE_BRIDGE = `(() => {
  if (window !== window.top || location.protocol === 'about:') return
  const pageFunctions = [], pending = new Map()
  let nextId = 1, last
  const toPreload = (message) => window.dispatchEvent(new CustomEvent('stand-in-preload', { detail: JSON.stringify(message) }))
  const call = (fn) => (...args) => {
    const id = nextId++
    const packed = args.map((arg) => typeof arg === 'function' ? { pageFn: pageFunctions.push(arg) - 1 } : { value: arg })
    toPreload({ kind: 'call', id, fn, args: packed })
    return last
  }
  window.addEventListener('stand-in-page', (event) => {
    const message = JSON.parse(event.detail)
    if (message.kind === 'exposed') {
      for (const [key, api] of Object.entries(message.exposed)) {
        const object = Object.fromEntries(Object.entries(api).map(([name, item]) => [name, 'fn' in item ? call(item.fn) : item.value]))
        Object.defineProperty(window, key, { value: Object.freeze(object) })
      }
    } else if (message.kind === 'result') last = 'fn' in message ? call(message.fn) : message.value
    else if (message.kind === 'promise') last = new Promise((resolve, reject) => pending.set(message.id, { resolve, reject }))
    else if (message.kind === 'settle') pending.get(message.id)?.[message.ok ? 'resolve' : 'reject'](message.value)
    else if (message.kind === 'callback') pageFunctions[message.fn](message.value)
  })
  toPreload({ kind: 'hello' })
})()`
