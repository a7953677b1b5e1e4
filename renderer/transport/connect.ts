import { createSocketTransport } from './socket-transport.ts'
import { setTransport, type Transport } from './transport.ts'
import { createWindowTransport } from './window-transport.ts'

/** The launch token of `#token=…`; it is taken out of the address bar and the history. */
function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token !== null) history.replaceState(null, '', location.pathname + location.search)
  return token
}

/** Connects through whatever this page was opened in. */
export function connect(): Transport {
  const transport = window.chanbo
    ? createWindowTransport(window.chanbo)
    : createSocketTransport({ origin: location.origin, token: takeToken() })
  setTransport(transport)
  return transport
}
