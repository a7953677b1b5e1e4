import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const LIFE_DAYS = 365
const RENEW_BEFORE_MS = 14 * 24 * 3_600_000

export interface LanCertificate {
  key: string
  cert: string
  /** SHA-256 of the certificate, in the form browsers show: pairs of hex digits with colons. */
  fingerprint: string
}

/**
 * The certificate for the local network, made by this machine and kept in `folder`, so that its fingerprint stays the
 * same from launch to launch while the machine's names and addresses do.
 */
export async function loadCertificate(
  folder: string,
  names: readonly string[],
  addresses: readonly string[],
  nowMs: number,
): Promise<LanCertificate> {
  const keyFile = join(folder, 'lan-key.pem')
  const certFile = join(folder, 'lan-cert.pem')
  const kept = readPair(keyFile, certFile)
  if (kept && isUsable(kept.cert, names, addresses, nowMs))
    return { ...kept, fingerprint: fingerprintOf(kept.cert) }
  const altNames = [
    ...names.map((value) => ({ type: 2 as const, value })),
    ...addresses.map((ip) => ({ type: 7 as const, ip })),
  ]
  // Half a megabyte of code that is needed once a year, and only with --lan.
  const { generate } = await import('selfsigned')
  const made = await generate([{ name: 'commonName', value: 'Chanbo' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - 24 * 3_600_000),
    notAfterDate: new Date(nowMs + LIFE_DAYS * 24 * 3_600_000),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames },
    ],
  })
  writeFileSync(keyFile, made.private, { mode: 0o600 })
  writeFileSync(certFile, made.cert, { mode: 0o600 })
  return { key: made.private, cert: made.cert, fingerprint: fingerprintOf(made.cert) }
}

function fingerprintOf(cert: string): string {
  return new X509Certificate(cert).fingerprint256
}

function readPair(keyFile: string, certFile: string): { key: string; cert: string } | null {
  try {
    return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') }
  } catch {
    return null
  }
}

function isUsable(
  cert: string,
  names: readonly string[],
  addresses: readonly string[],
  nowMs: number,
): boolean {
  const parsed = new X509Certificate(cert)
  if (Date.parse(parsed.validTo) - nowMs < RENEW_BEFORE_MS) return false
  return (
    names.every((name) => parsed.checkHost(name)) && addresses.every((address) => parsed.checkIP(address))
  )
}
