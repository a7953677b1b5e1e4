import { hostname, networkInterfaces } from 'node:os'

/** This machine's IPv4 addresses on local networks: what a colleague would type. */
export function listLanAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return all.filter((item) => !item.internal && item.family === 'IPv4').map((item) => item.address)
}

export function listLanNames(): string[] {
  const name = hostname().toLowerCase()
  return /^[a-z0-9.-]+$/.test(name) ? [name, `${name}.local`] : []
}

/** An address as it stands in a URL and in a Host header. */
export function bracket(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}

/** Every Host header under which a server may be reached on `port`. */
export function listHosts(names: readonly string[], port: number): ReadonlySet<string> {
  return new Set(names.map((name) => `${bracket(name.toLowerCase())}:${port}`))
}

export const LOOPBACK_NAMES = ['127.0.0.1', 'localhost']
