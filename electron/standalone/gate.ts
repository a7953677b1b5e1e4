import type { IncomingHttpHeaders } from 'node:http'

export type GateVerdict = { pass: true; origin: string } | { pass: false; code: GateRefusal }
export type GateRefusal = 'wrong-host' | 'wrong-origin' | 'cross-site'

export interface GateRequest {
  method: string
  headers: IncomingHttpHeaders
  isUpgrade: boolean
  /** Fetching the page itself, which holds nothing private, may be caused by another site (a link). */
  isPublicPage: boolean
}

const READING = new Set(['GET', 'HEAD'])

/**
 * Checks that a request was meant for this server (Host: against DNS rebinding) and came from its own page (Origin:
 * against other sites, including other ports of this machine, to which a SameSite cookie is no obstacle).
 */
export function checkGate(
  request: GateRequest,
  scheme: 'http' | 'https',
  hosts: ReadonlySet<string>,
): GateVerdict {
  const host = request.headers.host?.toLowerCase()
  if (host === undefined || !hosts.has(host)) return { pass: false, code: 'wrong-host' }
  const own = `${scheme}://${host}`
  const { origin } = request.headers
  if (origin !== undefined && origin.toLowerCase() !== own) return { pass: false, code: 'wrong-origin' }
  const needsOrigin = request.isUpgrade || !READING.has(request.method)
  if (needsOrigin && origin === undefined) return { pass: false, code: 'wrong-origin' }
  const site = request.headers['sec-fetch-site']
  const isSameSite = site === undefined || site === 'same-origin' || site === 'none'
  if (!isSameSite && !request.isPublicPage) return { pass: false, code: 'cross-site' }
  return { pass: true, origin: own }
}
